import Administration
import ArgumentParser

struct TimelineCommand: AsyncParsableCommand {
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

    func run() async throws {
        let session = try RegistrySession(state)
        let query = attempt.map { [(key: "attempt", value: "\($0)")] } ?? []
        let resource = try await session.get("timelines/\(node)", query: query, as: TimelineResource.self)
        if json { return try printJSON(resource) }
        if let timeline = Timeline(resource) { print(timeline.text, terminator: "") }
    }
}
