import ArgumentParser
import Foundation
import Registry
import RegistrySQLite

struct TimelineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Shows each step of a boot: when, what, how many bytes, by which protocol.",
        discussion: """
            Times count from power-on where somebody recorded it, else from the first DISCOVER.

            Example: perseid timeline n001
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.")
    var node: String
    @Option(help: "Number of the boot attempt. Without: the newest.")
    var attempt: Int64?
    @Flag(help: "For programs.")
    var json = false

    func run() throws {
        let registry = try state.open().openRegistry()
        let found = try registry.node(called: node)
        guard let timeline = try Timeline(of: found, attempt: attempt, in: registry) else {
            throw ValidationError(
                attempt.map { "\(found.name) has no attempt \($0)" }
                    ?? "\(found.name) has not booted from this server yet")
        }
        if json {
            FileHandle.standardOutput.write(try timeline.json())
            print()
        } else {
            print(timeline.text, terminator: "")
        }
    }
}
