import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Hashes every chunk of a generation and compares.")

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String

    func run() throws {
        let store = try state.open().openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        let progress = ProgressLine()
        let verification = try store.verify(generation) {
            progress.show("verifying \(generation)", done: $0, total: $1)
        }
        progress.end()
        guard verification.isWhole else {
            for fault in verification.faults { FileHandle.standardError.write(Data("\(fault)\n".utf8)) }
            throw DamagedGeneration(generation: generation)
        }
        print("\(generation): \(verification.chunks) chunks, \(ByteCount.text(verification.bytes)), all as signed")
    }
}

struct DamagedGeneration: Error, CustomStringConvertible {
    let generation: CapsuleGeneration

    var description: String {
        "\(generation) is damaged. Move its channels to another one, delete it, and build or import it again"
    }
}

struct CapsuleExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a generation as one .capsule file.",
        discussion: """
            The file holds the signed manifest, the index and every chunk. Whoever imports it needs the signer's public \
            key, which is in keys/ of the state directory and travels by another way.

            Example: perseid capsule export compute@12 compute-12.capsule
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @Argument(help: "The file, which is not there yet.")
    var file: String

    func run() throws {
        let store = try state.open().openCapsules()
        let generation = try store.resolve(CapsuleReference.validated(capsule))
        let progress = ProgressLine()
        let size = try store.export(generation, to: file) {
            progress.show("writing \(file)", done: $0, total: $1)
        }
        progress.end()
        let key = try store.manifest(of: generation).keyID
        print("\(file): \(generation), \(ByteCount.text(size)), signed with key \(key)")
    }
}

struct CapsuleImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes a generation out of a .capsule file.",
        discussion: """
            Every byte is verified against a trusted key before anything is kept; no code of the file is run. A key that \
            --trust names is trusted from then on for every capsule, and nodes boot what it signed once stage 1 is \
            built again.

            Example: perseid capsule import compute-12.capsule --trust 0123456789abcdef.pub
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "The file.")
    var file: String
    @Argument(help: "NAME or NAME@GENERATION that it is to hold; anything else is refused.")
    var capsule: String?
    @Option(help: "The signer's public key, a .pub file.")
    var trust: String?
    @Option(help: "Channel that points at the generation afterwards.")
    var channel: String?
    @Flag(help: "Take a generation that is older than the newest that was here.")
    var allowOlder = false

    func validate() throws {
        if let capsule, CapsuleImporter.Expectation(capsule) == nil {
            throw ValidationError("`\(capsule)` is neither NAME nor NAME@GENERATION")
        }
        if let channel { _ = try CapsuleName.validatedChannel(channel) }
    }

    func run() async throws {
        var options = CapsuleImporter.Options()
        options.expecting = capsule.flatMap { CapsuleImporter.Expectation($0) }
        options.trusting = trust
        options.channel = channel.flatMap { CapsuleName($0) }
        options.allowsOlder = allowOlder
        let progress = ProgressLine()
        defer { progress.end() }
        let file = file
        let importer = CapsuleImporter(store: try state.open().openCapsules()) {
            progress.show("reading \(file)", done: $0, total: $1)
        }
        let imported = try await importer.importFile(file, options: options)
        progress.end()
        let size = imported.manifest.streams.reduce(0) { $0 + $1.size }
        print(
            "\(imported.generation): \(ByteCount.text(size)) in \(imported.manifest.index.chunks) chunks, signed with key "
                + "\(imported.manifest.keyID)\(imported.wasHere ? "; it was here already" : "")")
    }
}
