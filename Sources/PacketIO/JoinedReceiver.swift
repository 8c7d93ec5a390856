public import BootProtocols
internal import CLinux
internal import Glibc

/// Receives datagrams that the kernel hands over joined, many with one call (UDP_GRO): what a client of large windows
/// needs to keep up with them. Where the kernel cannot, they come one by one.
public struct JoinedReceiver: ~Copyable {
    /// The most that one call brings, in bytes.
    private static var capacity: Int { 65536 }
    private let buffer: UnsafeMutableRawBufferPointer
    private let control: UnsafeMutableRawPointer
    private let name: UnsafeMutablePointer<sockaddr_in>
    private let part: UnsafeMutablePointer<iovec>

    public init() {
        buffer = .allocate(byteCount: Self.capacity, alignment: 64)
        control = .allocate(byteCount: Int(PERSEID_CONTROL_SIZE) * 2, alignment: 16)
        name = .allocate(capacity: 1)
        part = .allocate(capacity: 1)
        name.initialize(to: sockaddr_in())
        part.initialize(to: iovec(iov_base: buffer.baseAddress, iov_len: buffer.count))
    }

    deinit {
        buffer.deallocate()
        control.deallocate()
        name.deallocate()
        part.deallocate()
    }

    /// Hands the datagrams of one call to `body`, in the order of arrival; their bytes live during the call. False if
    /// none waits. An error that an earlier packet met on its way (ECONNREFUSED) is thrown.
    public mutating func receive(
        from socket: borrowing UDPSocket, _ body: (IPv4Endpoint, RawSpan) -> Void
    ) throws(SystemError) -> Bool {
        var message = msghdr(
            msg_name: name, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size), msg_iov: part, msg_iovlen: 1,
            msg_control: control, msg_controllen: Int(PERSEID_CONTROL_SIZE) * 2, msg_flags: 0)
        let raw = socket.descriptor.raw
        let total: Int
        do throws(SystemError) {
            total = try systemCall("recvmsg") { recvmsg(raw, &message, Int32(MSG_DONTWAIT)) }
        } catch {
            guard error.isWouldBlock else { throw error }
            return false
        }
        let source = IPv4Endpoint(name.pointee)
        let joined = Int(perseid_read_segment(&message))
        let step = joined > 0 ? joined : max(total, 1)
        var start = 0
        repeat {
            let end = min(start + step, total)
            let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[start..<end])
            body(source, RawSpan(_unsafeBytes: bytes))
            start = end
        } while start < total
        return true
    }
}

extension UDPSocket {
    /// Has the kernel join datagrams for `JoinedReceiver`. False where it does not know how.
    @discardableResult
    public func joinSegments() -> Bool {
        perseid_join_segments(descriptor.raw) == 0
    }
}
