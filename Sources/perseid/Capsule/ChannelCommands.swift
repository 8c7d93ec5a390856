import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CapsulePromote: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote", abstract: "Points a channel at a generation.",
        discussion: """
            Nodes that boot from now on get it; those that run are left alone. The channel is made if it is new. It may \
            go to an older generation as well as to a newer one. With --tested, or with `promoteTested: yes` in the \
            configuration, it must have passed `perseid capsule test`.

            Example: perseid capsule promote compute@7 stable
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, or NAME:CHANNEL for where that points.")
    var capsule: String
    @Argument(help: "The channel.")
    var channel = CapsuleReference.defaultChannel
    @Flag(help: "Only if it passed `perseid capsule test`.")
    var tested = false

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        _ = try CapsuleName.validatedChannel(channel)
    }

    func run() throws {
        let move = try state.open().openCapsules().promote(
            CapsuleReference.validated(capsule), to: CapsuleName.validatedChannel(channel), tested: tested)
        print(move.summary(of: move.to.name))
    }
}

/// A generation that has not shown that it boots.
struct Untested: Error, CustomStringConvertible {
    let generation: CapsuleGeneration
    let hasFailed: Bool

    var description: String {
        "\(generation) \(hasFailed ? "failed its last test" : "was never tested"):"
            + " `perseid capsule test \(generation)` boots it in virtual machines"
    }
}

struct CapsuleRollback: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Points a channel back at the generation that it had before.",
        discussion: """
            Again, and it goes back one further. Generations that were deleted are passed over. `perseid capsule history` \
            shows the moves.
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the capsule.")
    var name: String
    @Argument(help: "The channel.")
    var channel = CapsuleReference.defaultChannel

    func validate() throws {
        _ = try CapsuleName.validated(name)
        _ = try CapsuleName.validatedChannel(channel)
    }

    func run() throws {
        let name = try CapsuleName.validated(name)
        let move = try state.open().openCapsules().rollBack(CapsuleName.validatedChannel(channel), of: name)
        print(move.summary(of: name))
    }
}

struct CapsuleHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Shows where the channels of a capsule pointed, and when.")

    @OptionGroup var state: StateOption
    @Argument(help: "Name of the capsule.")
    var name: String

    func validate() throws {
        _ = try CapsuleName.validated(name)
    }

    func run() throws {
        let store = try state.open().openCapsules()
        let name = try CapsuleName.validated(name)
        let histories = try store.histories(of: name)
        let known = Set(try store.generations(of: name))
        if known.isEmpty, histories.isEmpty {
            throw StoreError.noSuchCapsule(name, known: try store.list().map(\.name))
        }
        var table = TextTable(columns: [.left, .left, .left, .left])
        table.add(["CHANNEL", "GENERATION", "SINCE", "BY"])
        for (channel, history) in histories.sorted(by: { $0.key < $1.key }) {
            for move in history.moves {
                table.add([
                    channel.text, move.generation.description + (known.contains(move.generation) ? "" : " (deleted)"),
                    move.time > 0 ? Date(timeIntervalSince1970: Double(move.time)).ISO8601Format() : "-",
                    move.cause.rawValue,
                ])
            }
        }
        print(table.text, terminator: "")
    }
}

extension ChannelMove {
    /// `compute:stable: compute@8 -> compute@7`
    func summary(of name: CapsuleName) -> String {
        if from == to { return "\(name):\(channel) points at \(to) already" }
        return "\(name):\(channel): \(from.map { "\($0) -> " } ?? "")\(to)"
    }
}

extension CapsuleName {
    /// The name, or an error for the command line.
    static func validated(_ text: String) throws -> CapsuleName {
        guard let name = CapsuleName(text) else {
            throw ValidationError("`\(text)` is no capsule name: a-z, 0-9, - _ and ., the first a letter or digit")
        }
        return name
    }

    static func validatedChannel(_ text: String) throws -> CapsuleName {
        guard let name = CapsuleName(text) else { throw ValidationError("`\(text)` is no channel name") }
        return name
    }
}
