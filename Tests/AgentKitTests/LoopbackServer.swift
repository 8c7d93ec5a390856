import BootProtocols
import Glibc
import PacketIO
import Synchronization

@testable import AgentKit

/// An HTTP server of raw sockets on loopback that misbehaves on demand: what a real network and a real server do to
/// the agent, without either.
final class LoopbackServer: Sendable {
    struct Request: Sendable {
        /// Counted from 0 over the server's life.
        var number: Int
        var method: String
        var path: String
        var fields: [String: String]
        var body: [UInt8]

        /// `bytes=0-9` as 0...9.
        var range: ClosedRange<Int>? {
            guard let ends = fields["range"]?.dropFirst(6).split(separator: "-").compactMap({ Int($0) }),
                ends.count == 2
            else { return nil }
            return ends[0]...ends[1]
        }
    }

    /// What becomes of one request.
    enum Answer: Sendable {
        /// These bytes as they are; the connection stays open.
        case raw([UInt8])
        /// These bytes, then the connection is closed in an orderly way.
        case rawThenClose([UInt8])
        /// These bytes, then a reset.
        case rawThenReset([UInt8])
        /// Nothing at all, until the client has had enough.
        case silence
    }

    private struct State {
        var listener: Int32 = -1
        var connections: Set<Int32> = []
        var requests: [Request] = []
    }

    let port: UInt16
    private let state = Mutex(State())
    private let handler: @Sendable (Request) -> Answer

    var url: ServerURL { ServerURL(address: IPv4Address(value: 0x7f00_0001), port: port) }
    var requests: [Request] { state.withLock { $0.requests } }

    init(_ handler: @escaping @Sendable (Request) -> Answer) throws {
        self.handler = handler
        let (listener, port) = try Self.listen(on: 0)
        self.port = port
        state.withLock { $0.listener = listener }
        serve(listener)
    }

    deinit { stop() }

    /// Closes everything, connections in use as well.
    func stop() {
        state.withLock { state in
            // Only while it is ours: a closed number may be another test's by now.
            if state.listener >= 0 { shutdown(state.listener, Int32(SHUT_RDWR)) }
            state.listener = -1
            for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
        }
    }

    /// Listens on the same port again.
    func restart() throws {
        let (listener, _) = try Self.listen(on: port)
        state.withLock { $0.listener = listener }
        serve(listener)
    }

    private static func listen(on port: UInt16) throws -> (Int32, UInt16) {
        let listener = try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                try systemCall("bind") { bind(listener, address, size) }
                try systemCall("listen") { Glibc.listen(listener, 64) }
                try systemCall("getsockname") { getsockname(listener, address, &size) }
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    private func serve(_ listener: Int32) {
        detach { [weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard let self else {
                    close(connection)
                    break
                }
                guard connection >= 0 else {
                    state.withLock { if $0.listener == listener { $0.listener = -1 } }
                    break
                }
                state.withLock { _ = $0.connections.insert(connection) }
                detach { [weak self] in self?.talk(connection) }
            }
            close(listener)
        }
    }

    private func talk(_ connection: Int32) {
        defer {
            state.withLock { _ = $0.connections.remove(connection) }
            close(connection)
        }
        var pending: [UInt8] = []
        while let request = nextRequest(connection, &pending) {
            switch handler(request) {
            case .raw(let bytes): send(bytes, on: connection)
            case .rawThenClose(let bytes):
                send(bytes, on: connection)
                return
            case .rawThenReset(let bytes):
                send(bytes, on: connection)
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
                return
            case .silence:
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                return
            }
        }
    }

    private func nextRequest(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let request = takeRequest(&pending) { return request }
            let got = recv(connection, &room, room.count, 0)
            guard got > 0 else { return nil }
            pending += room[..<got]
        }
    }

    private func takeRequest(_ pending: inout [UInt8]) -> Request? {
        let text = String(decoding: pending, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { fields[parts[0].lowercased()] = parts[1].trimmingBlanks() }
        }
        let head = text[..<end.upperBound].utf8.count
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        guard pending.count >= head + length else { return nil }
        let body = Array(pending[head..<head + length])
        pending.removeFirst(head + length)
        return state.withLock { state in
            let request = Request(
                number: state.requests.count, method: String(words[0]), path: String(words[1]), fields: fields,
                body: body)
            state.requests.append(request)
            return request
        }
    }

    private func send(_ bytes: [UInt8], on connection: Int32) {
        var done = 0
        while done < bytes.count {
            let sent = bytes[done...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            done += sent
        }
    }
}

extension LoopbackServer.Answer {
    /// A good answer's bytes.
    static func bytes(_ status: Int, _ fields: [String] = [], body: [UInt8]) -> [UInt8] {
        let head = ["HTTP/1.1 \(status) Test", "Content-Length: \(body.count)"] + fields
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    static func ok(_ body: [UInt8]) -> LoopbackServer.Answer { .raw(bytes(200, body: body)) }
    static func status(_ status: Int, _ text: String = "", fields: [String] = []) -> LoopbackServer.Answer {
        .raw(bytes(status, fields, body: Array(text.utf8)))
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// Runs `body` on a thread of its own, which ends with the process if not before.
private func detach(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Work(body)).toOpaque())
    pthread_detach(thread)
}
