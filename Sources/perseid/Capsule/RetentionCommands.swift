import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsuleDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes a generation, or takes a channel away.",
        discussion: """
            A generation that a channel points at, that a node runs, boots or is set to, or that the server boots by \
            default, is not deleted; nor is a channel that a node or the server boots from. A number is not given again. \
            The room that a generation took is free after `perseid capsule gc`.
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        guard capsule.contains("@") || capsule.contains(":") else {
            throw ValidationError("say which: \(capsule)@GENERATION, or \(capsule):CHANNEL for a channel alone")
        }
    }

    func run() throws {
        let directory = try state.open()
        let store = try directory.openCapsules()
        switch try CapsuleReference.validated(capsule) {
        case .generation(let generation):
            try store.delete(generation, users: directory.generationUsers())
            print("\(generation) is deleted")
        case .channel(let name, let channel):
            try store.removeChannel(channel, of: name, users: directory.generationUsers())
            print("\(name):\(channel) is no channel any more")
        }
    }
}

struct CapsuleCollect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Frees the room of what nothing needs.",
        discussion: """
            Removes bundles that no generation needs and what builds that died left behind. Generations go first that \
            the `retention` of their capsule.yaml, or --keep, gives up: never one that a channel points at or would roll \
            back to, that a node runs, boots or is set to, or that the server boots by default. It may run beside builds \
            and a serving daemon.
            """)

    @OptionGroup var state: StateOption
    @Option(help: "How many of the newest generations of each capsule stay, whatever its retention says.")
    var keep: Int?
    @Flag(help: "Say what would go, and change nothing.")
    var dryRun = false

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep takes 1 or more") }
    }

    func run() async throws {
        let directory = try state.open()
        let store = try directory.openCapsules()
        let collection = try await store.collect(
            keep: keep, users: directory.generationUsers(), dryRun: dryRun)
        for generation in collection.generations { print("generation \(generation)") }
        for build in collection.builds { print("what a build of \(build) left behind") }
        print(
            "\(dryRun ? "would free" : "freed") \(ByteCount.text(collection.bytes)) in \(collection.bundles.count) bundles"
        )
    }
}
