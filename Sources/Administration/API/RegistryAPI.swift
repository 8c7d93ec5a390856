import Foundation
import Registry

/// The resources of the registry under `/api/v1`, as functions from a request to an answer. No sockets here: the daemon
/// puts them on its socket, and a command without a daemon calls them itself.
public struct RegistryAPI: Sendable {
    public struct Request: Hashable, Sendable {
        public enum Method: String, Hashable, Sendable {
            case get = "GET"
            case post = "POST"
            case patch = "PATCH"
            case delete = "DELETE"
        }

        public var method: Method
        /// Below `/api/v1`, without the leading slash: `nodes`, `nodes/n001/replace`.
        public var path: String
        /// A key may come several times.
        public var query: [(key: String, value: String)] = []
        public var body: [UInt8] = []

        public init(
            _ method: Method, _ path: String, query: [(key: String, value: String)] = [], body: [UInt8] = []
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.body = body
        }

        public static func == (one: Request, other: Request) -> Bool {
            one.method == other.method && one.path == other.path && one.body == other.body
                && one.query.elementsEqual(other.query) { $0 == $1 }
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(method)
            hasher.combine(path)
        }

        func first(_ key: String) -> String? { query.first { $0.key == key }?.value }

        func all(_ key: String) -> [String] { query.filter { $0.key == key }.map(\.value) }
    }

    public struct Answer: Hashable, Sendable {
        public var contentType: String
        public var bytes: [UInt8]
    }

    /// The first parts of the paths that are answered here.
    public static let resources = [
        "nodes", "groups", "history", "attempts", "status", "discovery", "timelines", "running", "installs", "secrets",
        "work", "channels",
    ]

    private let service: RegistryService

    public init(_ service: RegistryService) {
        self.service = service
    }

    /// - Parameter author: who asks.
    public func answer(_ request: Request, by author: String, at time: Int64) throws(AdminProblem) -> Answer {
        let parts = request.path.split(separator: "/").map(String.init)
        let note = ChangeNote(author: author, what: "\(request.method.rawValue) \(request.path.prefix(100))", at: time)
        if request.method == .get { return try answer(request, parts, note) }
        return try service.settled { () throws(AdminProblem) in try answer(request, parts, note) }
    }

    private func answer(
        _ request: Request, _ parts: [String], _ note: ChangeNote
    ) throws(AdminProblem) -> Answer {
        switch parts.first {
        case "nodes": return try nodes(Array(parts.dropFirst()), request, note)
        case "groups": return try groups(Array(parts.dropFirst()), request, note)
        case "history": return try history(Array(parts.dropFirst()), request, note)
        case "status" where request.method == .get && parts.count == 1:
            return try json(service.status(request.all("select")))
        case "running" where request.method == .get && parts.count == 1:
            return try json(service.running(request.all("select")))
        case "timelines" where request.method == .get && parts.count == 2:
            let attempt = try request.first("attempt").map(Self.number)
            return try json(service.timeline(of: parts[1], attempt: attempt))
        case "discovery" where request.method == .get && parts.count == 1: return try json(service.discovered())
        case "discovery" where request.method == .post && parts.count == 1:
            return try json(service.assign(read(request), by: note))
        case "attempts": return try attempts(Array(parts.dropFirst()), request)
        case "installs" where parts.count == 1: return try installs(request, note)
        case "work" where parts.count == 1: return try work(request, note)
        case "channels" where request.method == .post: return try channels(Array(parts.dropFirst()), request)
        case "secrets" where parts.count == 1 && request.method == .post:
            let body: SecretRequest = try read(request)
            guard body.password != nil else { throw .badRequest("a secret has a `password`") }
            return try json(service.keep(body))
        case "secrets" where parts.count == 1 && request.method == .delete:
            var body: SecretRequest = try read(request)
            body.password = nil
            return try json(service.keep(body))
        default: throw Self.unknown(request)
        }
    }

    /// `POST /api/v1/power`. It waits for BMCs, and for no disk: the other requests are not its like.
    public func power(_ body: [UInt8], by author: String, at time: Int64) async throws(AdminProblem) -> Answer {
        let request: PowerRequest = try read(Request(.post, "power", body: body))
        return try json(await service.power(request, by: author, at: time))
    }

    // MARK: - Resources

    private func nodes(
        _ parts: [String], _ request: Request, _ note: ChangeNote
    ) throws(AdminProblem) -> Answer {
        switch (request.method, parts.count, parts.last) {
        case (.get, 0, _):
            if let columns = request.first("columns") {
                return try table(request.all("select"), columns)
            }
            let limit = try request.first("limit").map(Self.number).map { Int(clamping: $0) }
            return Answer(
                contentType: "application/json",
                bytes: try service.json(request.all("select"), after: request.first("after"), limit: limit))
        case (.get, 1, let name?): return try json(service.resource(of: name))
        case (.get, 2, "explanation"): return try json(service.explanation(of: parts[0], now: note.at))
        case (.post, 0, _):
            let body: AddRequest<NodeDraft> = try read(request)
            return try json(service.add(body, by: note))
        case (.patch, 0, _): return try json(service.change(read(request), by: note))
        case (.delete, 0, _): return try json(service.remove(read(request), by: note))
        case (.post, 2, "replace"):
            let body: ReplaceRequest = try read(request)
            return try json(service.replace(parts[0], with: body.mac, body.options, by: note))
        default: throw Self.unknown(request)
        }
    }

    private func groups(
        _ parts: [String], _ request: Request, _ note: ChangeNote
    ) throws(AdminProblem) -> Answer {
        switch (request.method, parts.count) {
        case (.get, 0): return try json(service.groups(request.all("name")))
        case (.get, 1): return try json(service.groups(parts))
        case (.post, 0):
            let body: AddRequest<GroupDraft> = try read(request)
            return try json(service.add(body, by: note))
        case (.patch, 0): return try json(service.changeGroups(read(request), by: note))
        case (.delete, 0): return try json(service.removeGroups(read(request), by: note))
        default: throw Self.unknown(request)
        }
    }

    private func history(
        _ parts: [String], _ request: Request, _ note: ChangeNote
    ) throws(AdminProblem) -> Answer {
        let limit = request.first("limit").flatMap { Int($0) } ?? 20
        switch (request.method, parts.count, parts.last) {
        case (.get, 0, _): return try json(service.history(of: request.first("of"), limit: limit))
        case (.get, 1, let number?): return try json(service.change(Self.number(number)))
        case (.post, 2, "undo"):
            let number = parts[0] == "newest" ? nil : try Self.number(parts[0])
            return try json(service.undo(number, read(request), by: note))
        default: throw Self.unknown(request)
        }
    }

    private func attempts(_ parts: [String], _ request: Request) throws(AdminProblem) -> Answer {
        switch (request.method, parts.count) {
        case (.get, 0):
            guard let node = request.first("node") else { throw .badRequest("say which node's: ?node=n001") }
            let limit = request.first("limit").flatMap { Int($0) } ?? 20
            return try json(service.attempts(of: node, limit: limit))
        default: throw Self.unknown(request)
        }
    }

    private func installs(_ request: Request, _ note: ChangeNote) throws(AdminProblem) -> Answer {
        switch request.method {
        case .get: return try json(service.installs(request.all("select")))
        case .post: return try json(service.askInstalls(read(request), by: note))
        case .delete: return try json(service.forgetInstalls(read(request), by: note))
        case .patch: throw Self.unknown(request)
        }
    }

    private func work(_ request: Request, _ note: ChangeNote) throws(AdminProblem) -> Answer {
        switch request.method {
        case .get:
            return try json(service.work(request.all("select"), withChanges: request.first("changes") == "true"))
        case .post: return try json(service.giveWork(read(request), by: note))
        case .delete: return try json(service.withdrawWork(read(request)))
        case .patch: throw Self.unknown(request)
        }
    }

    private func channels(_ parts: [String], _ request: Request) throws(AdminProblem) -> Answer {
        switch parts {
        case []: return try json(service.promote(read(request)))
        case ["rollback"]: return try json(service.rollBack(read(request)))
        default: throw Self.unknown(request)
        }
    }

    /// Lines of values between tabs: 100,000 nodes as JSON take seconds to write and to read, these take none.
    private func table(_ words: [String], _ columns: String) throws(AdminProblem) -> Answer {
        let names = columns.split(separator: ",").map(String.init)
        return Answer(
            contentType: "text/tab-separated-values; charset=utf-8", bytes: try service.table(words, columns: names))
    }

    // MARK: - Reading and writing

    private static func number(_ text: String) throws(AdminProblem) -> Int64 {
        guard let number = Int64(text), number > 0 else { throw .badRequest("`\(text)` is no number of a change") }
        return number
    }

    private static func unknown(_ request: Request) -> AdminProblem {
        .notFound("there is no \(request.method.rawValue) /api/v1/\(request.path)")
    }

    private func read<Value: Decodable>(_ request: Request) throws(AdminProblem) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(request.body))
        } catch {
            throw .badRequest("the request's body is not what \(request.path) takes: \(error)")
        }
    }

    private func json(_ value: some Encodable) throws(AdminProblem) -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Answer(contentType: "application/json", bytes: Array(try encoder.encode(value)))
        } catch {
            throw .failed("an answer could not be written as JSON: \(error)")
        }
    }
}

/// `POST /api/v1/nodes/NAME/replace`
public struct ReplaceRequest: Codable, Hashable, Sendable {
    public var mac: String
    public var options: ChangeOptions

    public init(mac: String, options: ChangeOptions) {
        self.mac = mac
        self.options = options
    }
}
