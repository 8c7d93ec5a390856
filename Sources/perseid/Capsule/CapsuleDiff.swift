import ArgumentParser
import CapsuleFormat
import CapsuleStore

struct CapsuleDiff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Shows what lies between two generations.",
        discussion: """
            First what a node that has the older one fetches, stream by stream. Then the packages and files that were \
            added (+), removed (-) or changed (~). Files count as changed by kind, permissions, owner, size or time.

            Example: perseid capsule diff compute@11 compute@12
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "The older one: NAME@GENERATION, NAME:CHANNEL or NAME.")
    var old: String
    @Argument(help: "The newer one.")
    var new: String
    @Flag(help: "Show all files and packages, not the first twenty.")
    var all = false

    func validate() throws {
        _ = try CapsuleReference.validated(old)
        _ = try CapsuleReference.validated(new)
    }

    func run() async throws {
        let store = try state.open().openCapsules()
        let old = try store.resolve(CapsuleReference.validated(old))
        let new = try store.resolve(CapsuleReference.validated(new))
        let difference = try await store.difference(from: old, to: new)
        print(difference.streamTable, terminator: "")
        if let packages = difference.packages {
            show("packages", packages.map(\.line))
        } else {
            print("\npackages: no database of dpkg or rpm in both")
        }
        guard let files = difference.files else {
            print("\nfiles: unsquashfs is not installed; install it with: apt-get install squashfs-tools")
            return
        }
        show(
            "files",
            files.changed.map { "~ \($0)" } + files.added.map { "+ \($0)" } + files.removed.map { "- \($0)" })
    }

    private func show(_ what: String, _ lines: [String]) {
        let shown = all ? lines[...] : lines.prefix(20)
        print("\n\(what): \(lines.isEmpty ? "none changed" : "\(lines.count) changed")")
        for line in shown { print("  \(line)") }
        if shown.count < lines.count { print("  … and \(lines.count - shown.count) more; --all shows them") }
    }
}

extension CapsuleDifference {
    var streamTable: String {
        var table = TextTable(columns: [.left, .right, .right, .right, .right])
        table.add(["STREAM", "SIZE", "CHUNKS", "SHARED", "TO FETCH"])
        for stream in streams {
            table.add([
                stream.role.rawValue, ByteCount.text(stream.size), "\(stream.chunks)", "\(stream.sharedChunks)",
                ByteCount.text(stream.fetchedBytes),
            ])
        }
        table.add([
            "all", ByteCount.text(streams.reduce(0) { $0 + $1.size }), "\(streams.reduce(0) { $0 + $1.chunks })",
            "\(streams.reduce(0) { $0 + $1.sharedChunks })", ByteCount.text(fetchedBytes),
        ])
        return table.text
    }
}

extension CapsuleDifference.Package {
    /// `~ libc6:amd64 2.36-9 -> 2.36-10`
    var line: String {
        switch (from, to) {
        case (nil, let to?): "+ \(name) \(to)"
        case (let from?, nil): "- \(name) \(from)"
        default: "~ \(name) \(from ?? "") -> \(to ?? "")"
        }
    }
}
