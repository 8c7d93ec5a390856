import ArgumentParser
import CapsuleFormat
import CapsuleStore
import ControlPlane
import Foundation

struct CapsuleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capsule", abstract: "Builds, moves and keeps capsules.",
        subcommands: [
            CapsuleInit.self, CapsuleBuild.self, CapsuleList.self, CapsuleShow.self, CapsuleDiff.self,
            CapsuleTest.self, CapsuleLiveSync.self, CapsulePromote.self, CapsuleRollback.self, CapsuleHistory.self,
            CapsuleDelete.self, CapsuleCollect.self,
            CapsuleVerify.self, CapsuleExport.self, CapsuleImport.self,
            CapsuleClone.self, CapsuleMount.self, CapsuleUnmount.self, CapsuleExec.self, CapsuleEdit.self,
            CapsuleKey.self,
        ])
}

struct CapsuleBuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Builds the next generation of a capsule.",
        discussion: """
            What is in it says a capsule.yaml: the one of --file, or NAME/capsule.yaml where that is there; \
            `perseid capsule init NAME` writes one. Or --source says where the root comes from, and nothing else is \
            done with it:

              DIRECTORY           a root file system
              FILE.tar[.gz|...]   one in a tar file, or a container image (OCI archive, docker save)
              oci:PATH[:NAME]     an OCI image layout; docker-archive:FILE[:NAME] for what docker save wrote
              ssh://[USER@]HOST[:PORT]/   a running machine, copied with rsync
              NAME.pkglist        Debian packages, one a line; with `# release: 9` RPM packages, by dnf
              busybox             the smallest root that boots

            The kernel is the one in the root, or the one that --kernel names: a package, a .deb, or a directory with \
            boot/ and lib/modules/.

            The generation is signed with the state's key, and the channel moves to it. Chunks that the store has \
            already are not stored again.

            Example: perseid capsule build compute --source debian.pkglist --kernel linux-image-amd64
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the capsule.")
    var name: String
    @Option(name: .shortAndLong, help: "A capsule.yaml.")
    var file: String?
    @Option(help: "Where the root comes from, in the place of a capsule.yaml.")
    var source: String?
    @Option(help: "With --source: Debian package, .deb file, or directory.")
    var kernel: String?
    @Option(help: "With --source: kernel command line of the runtime kernel.")
    var kernelArguments: String?
    @Option(help: "Channel that points at the new generation; `none` moves none.")
    var channel = CapsuleReference.defaultChannel
    @Option(help: "Days until nodes refuse it; never, if left out.")
    var expiresIn: Int?
    @Flag(help: "Ask apt for the kernel and pack its modules anew, whatever the cache holds.")
    var refresh = false

    /// Where `init` puts it.
    static func standardFile(of name: String) -> String { "\(name)/capsule.yaml" }

    @Option(help: "For ssh:// sources: an ssh_config(5) in the place of your own.")
    var sshConfig: String?

    func validate() throws {
        guard file == nil || source == nil else { throw ValidationError("--file and --source exclude one another") }
        guard source != nil || (kernel == nil && kernelArguments == nil) else {
            throw ValidationError("--kernel and --kernel-arguments go with --source; else the capsule.yaml says them")
        }
        guard CapsuleName(name) != nil else {
            throw ValidationError("`\(name)` is no capsule name: a-z, 0-9, - _ and ., the first a letter or digit")
        }
        guard channel == "none" || CapsuleName(channel) != nil else {
            throw ValidationError("`\(channel)` is no channel name")
        }
        if let expiresIn, !(1...36_500).contains(expiresIn) {
            throw ValidationError("--expires-in takes 1 to 36500 days")
        }
    }

    func run() async throws {
        guard let name = CapsuleName(name) else { return }
        var options = CapsuleBuildOptions(
            channel: channel == "none" ? nil : CapsuleName(channel),
            expires: expiresIn.map { Int64(Date().timeIntervalSince1970) + Int64($0) * 86_400 }, refresh: refresh)
        options.sshConfiguration = sshConfig
        if let kernelArguments { options.kernelCommandLine = kernelArguments }
        let progress = ProgressLine()
        let builder = CapsuleBuilder(store: try state.open().openCapsules()) { progress.show($0) }
        defer { progress.end() }
        let built: BuiltCapsule
        if let source {
            built = try await builder.build(
                name, from: CapsuleSource(argument: source), kernel: kernel.map { KernelSource(argument: $0) },
                options: options)
        } else {
            let path = file ?? Self.standardFile(of: name.text)
            guard file != nil || FileManager.default.fileExists(atPath: path) else {
                throw ValidationError(
                    "there is no \(path): write one with `perseid capsule init \(name)`, or name a --source")
            }
            built = try await builder.build(name, as: DescriptionFile.read(path), options: options)
        }
        progress.end()
        print(built.summary)
    }
}

struct CapsuleList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists capsules with their generations and channels.")

    @OptionGroup var state: StateOption
    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
        let capsules = try state.open().openCapsules().resources()
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return print(String(decoding: try encoder.encode(capsules), as: UTF8.self))
        }
        var table = TextTable(columns: [.left, .right, .left, .left, .left, .left])
        table.add(["CAPSULE", "STORED", "KERNEL", "CREATED", "TESTED", "CHANNELS"])
        for capsule in capsules {
            table.add([
                "\(capsule.name)@\(capsule.generation)", ByteCount.text(capsule.storedBytes), capsule.kernelRelease,
                Date(timeIntervalSince1970: Double(capsule.created)).ISO8601Format(),
                capsule.hasPassed.map { $0 ? "passed" : "failed" } ?? "-", capsule.channels.joined(separator: " "),
            ])
        }
        print(table.text, terminator: "")
    }
}

struct CapsuleShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the signed manifest of a generation.")

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String

    func run() throws {
        let store = try state.open().openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        let manifest = try store.manifest(of: generation)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(manifest), as: UTF8.self))
        // Apart, so that what is on standard output stays the JSON that was signed.
        say(try store.testRecord(of: generation)?.text ?? "\(generation) was never tested")
    }
}

extension BuiltCapsule {
    /// `small@3: 31.2 MB in 97 chunks, 2.1 MB of them new; kernel 6.1.0-28-cloud-amd64`
    var summary: String {
        let size = manifest.streams.reduce(0) { $0 + $1.size }
        return "\(generation): \(ByteCount.text(size)) in \(manifest.index.chunks) chunks, "
            + "\(ByteCount.text(newBytes)) of them new; kernel \(manifest.kernelRelease)"
            + (devices.isEmpty ? "" : "\ndevice nodes in the image: \(devices.joined(separator: ", "))")
    }
}
