import Foundation

/// The resources of `/api/v1`, as functions from a request to an answer. No sockets here.
struct ControlAPI: Sendable {
    /// What a request says that matters here.
    struct Request: Hashable, Sendable {
        /// Below `/api/v1`, without the leading slash: `leases`, `captures/n001`.
        var path: String
        var query: [String: String] = [:]
    }

    /// What goes back.
    enum Answer: Sendable {
        case json([UInt8])
        /// Metrics in the text form of Prometheus.
        case metrics([UInt8])
        /// A capture file.
        case capture([UInt8])
        /// JSON lines, as they come.
        case lines(AsyncStream<WatchLine>)
    }

    let source: ControlSource

    /// Paths without a name in them, for the text of an error.
    static let paths = [
        "health", "leases", "reservations", "subnets", "captures", "captures/NODE", "events", "packets", "doctor",
        "metrics", "nodes", "groups", "attempts", "history", "status", "discovery", "timelines/NODE", "running",
        "power", "installs", "secrets", "work", "channels", "scripts/NODE", "capsules",
    ]

    func answer(_ request: Request) throws(ControlProblem) -> Answer {
        let parts = request.path.split(separator: "/").map(String.init)
        let node = request.query["node"]
        switch (parts.first, parts.count) {
        case ("health", 1): return try json(source.health())
        case ("leases", 1): return try json(source.leases(request.query["all"] == "true"))
        case ("reservations", 1): return try json(source.reservations())
        case ("subnets", 1): return try json(source.subnets())
        case ("captures", 1): return try json(source.captures())
        case ("captures", 2): return .capture(try source.capture(parts[1]))
        case ("events", 1): return .lines(try source.events(node))
        case ("packets", 1): return .lines(try source.packets(node))
        case ("metrics", 1): return .metrics(Array(source.metrics().text.utf8))
        case ("scripts", 2): return try json(source.scripts(parts[1]))
        case ("capsules", 1): return try json(source.capsules())
        case ("doctor", 1): return try json(source.doctor())
        default:
            throw .notFound("there is no /api/v1/\(request.path); there are \(Self.paths.joined(separator: ", "))")
        }
    }

    private func json(_ value: some Encodable) throws(ControlProblem) -> Answer {
        .json(try Self.encode(value))
    }

    static func encode(_ value: some Encodable) throws(ControlProblem) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw .failed("an answer could not be written as JSON: \(error)")
        }
    }
}
