import ArgumentParser
import BootLab
import Foundation
import Glibc
import PacketIO

struct LargeTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "large", abstract: "Takes capsules of unusual size the whole way, a boot included.",
        discussion: """
            One with a single file of 5 GB that nothing compresses, and one of 300,000 files, each on top of the \
            capsule `small`: built, changed and built again, compared, verified, exported, imported elsewhere, and \
            booted in a virtual machine. Needs root, QEMU, 20 GB of disk and 9 GB of memory.
            """)

    @OptionGroup var program: ProgramUnderTest
    @OptionGroup var agent: AgentUnderTest
    @Option(help: "Only one of them: file or many.")
    var only: Kind?

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case file, many

        /// Of the machine that boots it, in MiB.
        var memory: Int { self == .file ? 8192 : 2048 }
    }

    func run() async throws {
        let directory = try program.directory("trial").directory("large")
        for kind in Kind.allCases where only == nil || only == kind {
            try? FileManager.default.removeItem(atPath: directory.file(kind.rawValue))
            let course = LargeCourse(
                kind: kind, directory: try directory.directory(kind.rawValue), perseid: program.perseid,
                agent: agent.path)
            try await course.run()
            try FileManager.default.removeItem(atPath: directory.file(kind.rawValue))
        }
        say("trial large: all went the whole way")
    }
}

/// One capsule of unusual size.
struct LargeCourse: Sendable {
    let kind: LargeTrial.Kind
    let directory: LabDirectory
    let perseid: String
    let agent: String

    /// Of the single file, in bytes: beyond 2^32.
    private static let fileSize = 5_000_000_000
    private static let fileCount = 300_000
    private static let filesInDirectory = 1000

    private var tree: String { directory.file("tree") }
    private var state: String { directory.file("state") }
    private var name: String { "large" }

    func run() async throws {
        try await makeTree()
        let kernel = ["--kernel", "linux-image-cloud-amd64"]
        try await capsule(["build", name, "--source", tree] + kernel)
        try change()
        try await capsule(["build", name, "--source", tree] + kernel)
        try FileManager.default.removeItem(atPath: tree)
        say(
            try await output(["capsule", "diff", "\(name)@1", "\(name)@2"]).split(separator: "\n").prefix(7)
                .map { "    \($0)" }.joined(separator: "\n"))
        try await capsule(["verify", "\(name)@2"])
        try await exchange()
        let boot = try await output([
            "lab", "boot", "--agent", agent, "--capsule", "\(name)@2", "--memory", "\(kind.memory)", "--timeout", "900",
        ])
        for line in boot.split(separator: "\n") where line.contains(" assembled ") || line.hasPrefix("ready ") {
            say("    \(line.trimmingCharacters(in: .whitespaces))")
        }
    }

    /// To another server and back into the light: what comes out of the file is what went in.
    private func exchange() async throws {
        let file = directory.file("large.capsule")
        let other = directory.file("other")
        try await capsule(["export", "\(name)@2", file])
        let keys = try FileManager.default.contentsOfDirectory(atPath: state + "/keys").filter { $0.hasSuffix(".pub") }
        guard let key = keys.first else { throw LabError.system("no public key in \(state)/keys") }
        try await capsule(["import", file, "--trust", "\(state)/keys/\(key)"], in: other)
        try FileManager.default.removeItem(atPath: file)
        try await capsule(["verify", "\(name)@2"], in: other)
        try FileManager.default.removeItem(atPath: other)
    }

    /// The smallest root that boots, and what makes it large.
    private func makeTree() async throws {
        say("\(kind.rawValue):")
        try await capsule(["build", "small", "--source", "busybox"])
        let mount = try directory.directory("mount").path
        try await capsule(["mount", "small", mount])
        try await Program("cp", ["-a", mount, tree]).run()
        try await capsule(["unmount", mount])
        switch kind {
        case .file: try writeNoise()
        case .many: try writeFiles()
        }
    }

    private func writeNoise() throws {
        let path = tree + "/large-file"
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let file = FileHandle(forWritingAtPath: path)
        else { throw LabError.system("cannot write \(path)") }
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var left = Self.fileSize
        while left > 0 {
            let words = (0..<(1 << 20)).map { _ -> UInt64 in
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                return state
            }
            try words.withUnsafeBytes { try file.write(contentsOf: $0.prefix(left)) }
            left -= words.count * 8
        }
        try file.close()
    }

    private func writeFiles() throws {
        for number in 0..<Self.fileCount {
            let place = "\(tree)/many/\(number / Self.filesInDirectory)"
            if number % Self.filesInDirectory == 0 {
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            }
            // mksquashfs compares each small file with all before it that are as long.
            try write(String(repeating: "\(number)\n", count: 1 + number % 200), to: "\(place)/\(number)")
        }
    }

    /// Foundation syncs each file that it writes, which takes half an hour for so many.
    private func write(_ text: String, to path: String) throws {
        let bytes = Array(text.utf8)
        try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC).writeAll(bytes.span.bytes)
    }

    /// One megabyte behind the first four gibibytes, or one file in three hundred.
    private func change() throws {
        switch kind {
        case .file:
            guard let file = FileHandle(forUpdatingAtPath: tree + "/large-file") else {
                throw LabError.system("the tree has no large file")
            }
            try file.seek(toOffset: 4_500_000_000)
            try file.write(contentsOf: Data(repeating: 7, count: 1_000_000))
            try file.close()
        case .many:
            for number in stride(from: 0, to: Self.fileCount, by: Self.filesInDirectory / 3) {
                try write("changed \(number)\n", to: "\(tree)/many/\(number / Self.filesInDirectory)/\(number)")
            }
        }
    }

    private func capsule(_ words: [String], in state: String? = nil) async throws {
        let began = ContinuousClock.now
        let text = try await output(["capsule"] + words, in: state)
        let seconds = (ContinuousClock.now - began) / Duration.seconds(1)
        let last = text.split(separator: "\n").last.map { ": \($0)" } ?? ""
        say("  \(words[0]), \(decimal(seconds)) s\(last)")
    }

    private func output(_ words: [String], in state: String? = nil) async throws -> String {
        try await Program(perseid, words + ["--state", state ?? self.state]).run()
    }
}
