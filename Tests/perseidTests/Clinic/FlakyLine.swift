import BootProtocols
import CLinux
import Foundation
import Glibc
import PacketIO
import Synchronization
import Testing

@testable import AgentKit

/// A way to a server that resets the first connections in the middle of what they carry: a switch port with errors.
final class FlakyLine: Sendable {
    let url: ServerURL
    private let listener: FileDescriptor
    private let target: Int
    private let left: Mutex<Int>
    private let limit: Int

    /// - Parameters:
    ///   - resets: how many connections are reset.
    ///   - limit: after so many bytes of answers.
    init(to port: Int, resets: Int, after limit: Int) throws {
        listener = FileDescriptor(
            owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
        target = port
        left = Mutex(resets)
        self.limit = limit
        let raw = listener.raw
        try withLoopback(port: 0) { name, size in try systemCall("bind") { bind(raw, name, size) } }
        try systemCall("listen") { listen(raw, 16) }
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try withUnsafeMutablePointer(to: &name) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = try systemCall("getsockname") { getsockname(raw, pointer, &size) }
            }
        }
        url = ServerURL(address: IPv4Address(value: 0x7f00_0001), port: UInt16(bigEndian: name.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener.raw, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { [self] in carry(FileDescriptor(owning: client)) }
            }
        }
    }

    /// Its threads go with their sockets.
    func close() { shutdown(listener.raw, Int32(SHUT_RDWR)) }

    private func carry(_ client: consuming FileDescriptor) {
        let raw = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let server = FileDescriptor(owning: raw)
        guard (try? withLoopback(port: UInt16(target), { connect(raw, $0, $1) })) != nil else { return }
        let near = client.raw
        let upwardEnded = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            Self.copy(from: near, to: raw, atMost: .max)
            shutdown(raw, Int32(SHUT_WR))
            upwardEnded.signal()
        }
        let isReset = left.withLock { left in
            left -= 1
            return left >= 0
        }
        Self.copy(from: raw, to: near, atMost: isReset ? limit : .max)
        if isReset {
            // Closing sends a reset (socket(7)).
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(near, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        }
        shutdown(raw, Int32(SHUT_RDWR))
        // To read no more tells the other side nothing; to write no more would end the connection in an orderly way.
        shutdown(near, Int32(isReset ? SHUT_RD : SHUT_RDWR))
        upwardEnded.wait()
        withExtendedLifetime(server) {}
    }

    private static func copy(from source: Int32, to target: Int32, atMost limit: Int) {
        var room = [UInt8](repeating: 0, count: 16_384)
        var done = 0
        while done < limit {
            let got = recv(source, &room, min(room.count, limit - done), 0)
            guard got > 0 else { return }
            done += got
            var sent = 0
            while sent < got {
                let count = room[sent..<got].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }
}

/// The name of a port of this machine.
func withLoopback(
    port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Int32
) throws {
    try withName(IPv4Address(value: 0x7f00_0001), port, body)
}
