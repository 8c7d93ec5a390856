import BootProtocols
import CLinux
import Glibc
import PacketIO

/// A TCP connection that never blocks.
final class HTTPClientSocket {
    let descriptor: FileDescriptor

    /// Begins to connect; the socket becomes writable when that is done or has failed.
    /// - Parameter receiveBuffer: SO_RCVBUF in bytes: how far the server may be ahead of a slow reader.
    init(connectingTo server: IPv4Endpoint, receiveBuffer: Int32? = nil) throws(SystemError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        descriptor = FileDescriptor(owning: try systemCall("socket") { socket(AF_INET, type, 0) })
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        if let receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        address.sin_addr.s_addr = server.address.value.bigEndian
        let raw = descriptor.raw
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError(call: "connect", code: errno) }
    }

    func watch(with poller: borrowing Poller, token: UInt64, for interest: Poller.Readiness) throws(SystemError) {
        try poller.modify(descriptor, token: token, for: interest)
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(descriptor.raw, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Whether the connection stands.
    var isConnected: Bool {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0
    }

    /// Whether all of a request was taken: it is small, and one is under way at a time.
    func send(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { Glibc.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            == bytes.count
    }

    enum Received: Equatable {
        case bytes(Int)
        case nothing
        case end
        case broken
    }

    /// Receives at most `limit` bytes into `buffer`, or has the kernel throw them away uncopied (tcp(7), MSG_TRUNC).
    func receive(into buffer: UnsafeMutableRawBufferPointer, limit: Int, discarding: Bool) -> Received {
        let flags = Int32(MSG_DONTWAIT) | (discarding ? Int32(MSG_TRUNC) : 0)
        let got = recv(descriptor.raw, buffer.baseAddress, min(buffer.count, limit), flags)
        if got > 0 { return .bytes(got) }
        if got == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .nothing : .broken
    }
}
