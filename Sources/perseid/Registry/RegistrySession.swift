import Administration
import ArgumentParser
import BootMachine
import CapsuleFormat
import ControlPlane
import Foundation
import Glibc
import PacketIO
import PowerControl
import Registry
import RegistrySQLite

/// Where the requests of a command go: to the daemon that runs on this state, else to the same code over the database.
struct RegistrySession {
    private enum Place {
        case daemon(ControlClient)
        case database(RegistryAPI)
    }

    private let place: Place

    init(_ option: StateOption) throws {
        let client = option.daemon()
        if client.isListening {
            place = .daemon(client)
        } else {
            place = .database(RegistryAPI(try RegistryService(in: try option.open())))
        }
    }

    /// The answer's bytes.
    func send(
        _ method: RegistryAPI.Request.Method, _ path: String, query: [(key: String, value: String)] = [],
        body: [UInt8] = []
    ) async throws -> [UInt8] {
        switch place {
        case .daemon(let client):
            var components = URLComponents()
            components.path = "/api/v1/" + path
            components.queryItems = query.isEmpty ? nil : query.map { URLQueryItem(name: $0.key, value: $0.value) }
            // A plus sign would be read as a space.
            let uri = (components.string ?? "").replacingOccurrences(of: "+", with: "%2B")
            return try await client.send(method.rawValue, uri, body: body)
        case .database(let api):
            let request = RegistryAPI.Request(method, path, query: query, body: body)
            return try api.answer(request, by: UserName.of(geteuid()), at: wallMilliseconds()).bytes
        }
    }

    /// Has BMCs do something, a wave of nodes at a time.
    func power(_ request: PowerRequest) async throws -> [PowerReport] {
        let body = Array(try JSONEncoder().encode(request))
        let bytes =
            switch place {
            case .daemon(let client): try await client.send("POST", "/api/v1/power", body: body)
            case .database(let api):
                try await api.power(body, by: UserName.of(geteuid()), at: wallMilliseconds()).bytes
            }
        return try JSONDecoder().decode([PowerReport].self, from: Data(bytes))
    }

    func get<Value: Decodable>(
        _ path: String, query: [(key: String, value: String)] = [], as type: Value.Type = Value.self
    ) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(try await send(.get, path, query: query)))
    }

    func change(
        _ method: RegistryAPI.Request.Method, _ path: String, _ body: some Encodable
    ) async throws -> ChangeResult {
        let bytes = try await send(method, path, body: Array(try JSONEncoder().encode(body)))
        return try JSONDecoder().decode(ChangeResult.self, from: Data(bytes))
    }

    /// The words of a refusal that says what is in the way; nil for any other failure.
    static func conflict(_ error: any Error) -> String? {
        if let problem = error as? AdminProblem, case .conflict(let text) = problem { return text }
        if let failure = error as? ControlClient.Failure, case .refused(409, let text) = failure { return text }
        return nil
    }

    /// The nodes that `words` mean, a row of columns each.
    func table(_ words: [String], columns: [String]) async throws -> NodeRows {
        let query = words.map { (key: "select", value: $0) } + [(key: "columns", value: columns.joined(separator: ","))]
        return NodeRows(try await send(.get, "nodes", query: query))
    }
}

extension RegistryService {
    /// Over the database of a state directory on which no daemon runs.
    init(in state: StateDirectory) throws {
        let given = try Configuration.given()
        self.init(
            store: try state.openRegistry(), ledger: nil,
            server: NodeSettings(
                capsule: given[.capsule]?.value,
                handoff: (given[.handoff]?.value).flatMap { Plan.Handoff(rawValue: $0) },
                kernelArguments: given[.kernelArguments]?.value,
                nodeRate: (given[.nodeRate]?.value).flatMap { Configuration.megabytes($0) }),
            secrets: state.powerSecrets, capsuleProblem: CapsuleReference.problem,
            capsuleAbsence: state.capsuleAbsence, layout: state.layoutInWords, work: state.workDesk,
            channels: state.channelDesk)
    }
}

extension CapsuleReference {
    /// Why text is no reference to a capsule.
    @Sendable static func problem(_ text: String) -> String? {
        CapsuleReference(text) == nil ? "`\(text)` is no capsule: write NAME@GENERATION, NAME:CHANNEL or NAME" : nil
    }

    /// The reference, or an error for the command line.
    static func validated(_ text: String) throws -> CapsuleReference {
        guard let reference = CapsuleReference(text) else { throw ValidationError(problem(text) ?? "") }
        return reference
    }
}

/// Rows of a table that came as values between tabs.
struct NodeRows {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The cells of each row.
    var rows: [[String]] {
        bytes.split(separator: UInt8(ascii: "\n")).map { line in
            line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }
}

extension RegistrySession {
    /// The node with this name or MAC address.
    func node(_ text: String) async throws -> NodeResource {
        try await get("nodes/\(text)")
    }

    /// Most nodes in one answer: 100,000 at once would take the daemon 500 MB.
    private static let page = 20_000

    /// The nodes that `words` mean.
    func nodes(_ words: [String]) async throws -> [NodeResource] {
        var found: [NodeResource] = []
        while true {
            let nodes = try JSONDecoder().decode(
                [NodeResource].self, from: Data(try await nodesAsJSON(words, after: found.last?.name)))
            found += nodes
            guard nodes.count == Self.page else { return found }
        }
    }

    /// Writes the nodes that `words` mean to standard output, as programs read them.
    func writeNodes(_ words: [String], as form: ReshapedJSON.Form) async throws {
        var text = ReshapedJSON(form)
        while try text.add(try await nodesAsJSON(words, after: text.lastName)) == Self.page {}
        text.end()
        FileHandle.standardOutput.write(Data(text.bytes))
    }

    private func nodesAsJSON(_ words: [String], after: String?) async throws -> [UInt8] {
        let after = after.map { [(key: "after", value: $0)] } ?? []
        let query = words.map { (key: "select", value: $0) } + [(key: "limit", value: "\(Self.page)")]
        return try await send(.get, "nodes", query: query + after)
    }
}
