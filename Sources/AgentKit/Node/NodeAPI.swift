package import BootMachine
package import BootProtocols
package import CapsuleFormat

/// What the agent asks of its servers and tells them, with its token: check-in, reports, and small files.
///
/// The server that answered last is asked first; the others are tried in order.
package struct NodeAPI: ~Copyable {
    package let servers: [ServerURL]
    /// Of the last check-in's answer.
    package private(set) var token: String
    /// Of the boot script. The server takes a check-in with it again where it has forgotten the newer one.
    private let bootToken: String
    private var current = 0
    private var client: HTTPClient

    package init(
        servers: [ServerURL], token: String, bootToken: String? = nil,
        limits: HTTPClient.Limits = HTTPClient.Limits()
    ) {
        self.servers = servers
        self.token = token
        self.bootToken = bootToken ?? token
        client = HTTPClient(limits: limits)
    }

    /// `POST /node/v1/check-in`. The reply's token replaces the one that this was sent with.
    package mutating func checkIn(_ message: CheckIn) throws(NodeAPIError) -> CheckInReply {
        let body = try JSONBytes.encoding(message)
        let bytes: [UInt8]
        do throws(NodeAPIError) {
            bytes = try request("/node/v1/check-in", .json(body), limit: 1 << 20)
        } catch {
            guard error.isUnauthorized, token != bootToken else { throw error }
            token = bootToken
            bytes = try request("/node/v1/check-in", .json(body), limit: 1 << 20)
        }
        do throws(JSONError) {
            let reply = try JSONBytes.decode(CheckInReply.self, from: bytes)
            guard HTTPRequest.isSafe(reply.token) else { throw JSONError(what: "its token is not printable") }
            token = reply.token
            return reply
        } catch {
            throw .badReply("the answer to the check-in", error)
        }
    }

    /// `POST /node/v1/report`.
    /// - Returns: what the server asks for in its answer.
    package mutating func report(_ reports: [AgentReport]) throws(NodeAPIError) -> AgentWork? {
        let bytes = try request("/node/v1/report", .json(try JSONBytes.encoding(reports)), limit: 64 << 10)
        // 204, No Content. An answer of another kind must not have the reports sent again.
        return bytes.isEmpty ? nil : try? JSONBytes.decode(AgentWork.self, from: bytes)
    }

    /// The signed manifest of an exact generation, not verified yet.
    package mutating func manifest(of capsule: String, limit: Int) throws(NodeAPIError) -> [UInt8] {
        try request("/node/v1/capsules/\(capsule)/manifest", .none, limit: limit)
    }

    /// The index of an exact generation, not verified yet.
    package mutating func index(of capsule: String, limit: Int) throws(NodeAPIError) -> [UInt8] {
        try request("/node/v1/capsules/\(capsule)/index", .none, limit: limit)
    }

    /// The chunks of a generation's root in the order in which an earlier boot read them first; none where no boot told.
    package mutating func trace(of capsule: String) throws(NodeAPIError) -> [Int] {
        let bytes = try request("/node/v1/capsules/\(capsule)/trace", .none, limit: 1 << 20)
        // 204, No Content.
        if bytes.isEmpty { return [] }
        do throws(JSONError) {
            return Array(try JSONBytes.decode([Int].self, from: bytes).prefix(BootTrace.limit))
        } catch {
            throw .badReply("what a boot reads first", error)
        }
    }

    package mutating func tell(_ trace: BootTrace) throws(NodeAPIError) {
        _ = try request("/node/v1/trace", .json(try JSONBytes.encoding(trace)), limit: 64 << 10)
    }

    /// The node's own files, sealed; nil where it has none.
    package mutating func layer(of mac: MACAddress) throws(NodeAPIError) -> SealedLayer? {
        let bytes = try request("/node/v1/layer/\(mac)", .none, limit: SealedLayer.maximumSize)
        // 204, No Content.
        if bytes.isEmpty { return nil }
        do throws(JSONError) {
            return try JSONBytes.decode(SealedLayer.self, from: bytes)
        } catch {
            throw .badReply("the node's files", error)
        }
    }

    /// The order of an update that this node heard of, not verified yet.
    package mutating func updateOrder(_ message: UpdateRequest) throws(NodeAPIError) -> UpdateReply {
        let bytes = try request(
            "/node/v1/update", .json(try JSONBytes.encoding(message)), limit: 2 * SealedLayer.maximumSize)
        do throws(JSONError) {
            return try JSONBytes.decode(UpdateReply.self, from: bytes)
        } catch {
            throw .badReply("the order to update", error)
        }
    }

    package mutating func tell(_ changes: UpdateChanges) throws(NodeAPIError) {
        _ = try request("/node/v1/update/changes", .json(try JSONBytes.encoding(changes)), limit: 64 << 10)
    }

    /// Asks each server once, until one answers 2xx.
    private mutating func request(
        _ path: String, _ body: HTTPRequest.Body, limit: Int
    ) throws(NodeAPIError) -> [UInt8] {
        guard HTTPRequest.isSafe(path) else { throw .badPath(path) }
        var last: HTTPError?
        for offset in servers.indices {
            let number = (current + offset) % servers.count
            var answer: [UInt8] = []
            do throws(HTTPError) {
                let request = HTTPRequest(path: path, token: token, body: body)
                _ = try client.perform(request, to: servers[number], into: &answer, limit: limit)
                current = number
                return answer
            } catch {
                last = error
            }
        }
        guard let last else { throw .noServer }
        throw .request(path, last)
    }
}

extension JSONBytes {
    fileprivate static func encoding(_ value: some Encodable) throws(NodeAPIError) -> [UInt8] {
        do throws(JSONError) { return try encode(value) } catch { throw .badReply("a message", error) }
    }
}

/// Why a request to the boot plane came to nothing.
package enum NodeAPIError: Error, Hashable, Sendable, CustomStringConvertible {
    case noServer
    case badPath(String)
    /// The last server's error; the others failed too.
    case request(String, HTTPError)
    case badReply(String, JSONError)

    package var description: String {
        switch self {
        case .noServer: "there is no server to ask"
        case .badPath(let path): "'\(path)' cannot be asked for"
        case .request(let path, let error): "\(path): \(error)"
        case .badReply(let what, let error): "\(what): \(error)"
        }
    }

    package var isUnauthorized: Bool {
        if case .request(_, let error) = self { return error.isUnauthorized }
        return false
    }

    package var isRefusal: Bool {
        if case .request(_, let error) = self { return error.isRefusal }
        return false
    }

    package var retryAfterSeconds: Int64? {
        if case .request(_, let error) = self { return error.retryAfterSeconds }
        return nil
    }
}
