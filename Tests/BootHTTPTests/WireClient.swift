import Foundation
import PacketIO

/// A client on a real socket, for requests as they stand on the wire. Its calls block: for threads.
final class WireClient: Sendable {
    private let descriptor: FileDescriptor

    /// Connects to a port of this machine.
    /// - Parameter receiveBuffer: SO_RCVBUF, in bytes.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        let descriptor = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let raw = descriptor.raw
        try withUnsafePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = try systemCall("connect") { connect(raw, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        self.descriptor = descriptor
    }

    /// A server that refuses early may reset the connection while the rest is still being sent.
    func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Foundation.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// What comes until `count` bytes are there or the server closes.
    func receive(_ count: Int = .max) -> [UInt8] {
        var answer: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
        defer { buffer.deallocate() }
        while answer.count < count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, count - answer.count)])
            guard let got = try? descriptor.read(into: room), got > 0 else { break }
            answer += buffer[..<got]
        }
        return answer
    }

    func receiveText() -> String { String(decoding: receive(), as: UTF8.self) }

    /// Runs blocking work on a thread of its own.
    static func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
