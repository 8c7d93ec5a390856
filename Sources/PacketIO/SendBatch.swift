public import BootProtocols
internal import CLinux
internal import Glibc

/// Datagrams gathered to leave in one call; memory is allocated once.
public struct SendBatch: ~Copyable {
    /// Datagrams that fit.
    public let capacity: Int
    /// Bytes that each may have.
    public let datagramSize: Int
    /// Datagrams that wait to be sent.
    public private(set) var count = 0

    private let payload: UnsafeMutableRawPointer
    private let control: UnsafeMutableRawPointer
    private let names: UnsafeMutablePointer<sockaddr_in>
    private let parts: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<perseid_mmsghdr>
    private static var controlSize: Int { Int(PERSEID_CONTROL_SIZE) }

    public init(capacity: Int = 32, datagramSize: Int = 2048) {
        let capacity = min(max(capacity, 1), 1024)
        let datagramSize = min(max(datagramSize, 1), UDPSocket.maximumPayload)
        self.capacity = capacity
        self.datagramSize = datagramSize
        payload = .allocate(byteCount: capacity * datagramSize, alignment: 64)
        control = .allocate(byteCount: capacity * Self.controlSize, alignment: 64)
        names = .allocate(capacity: capacity)
        parts = .allocate(capacity: capacity)
        messages = .allocate(capacity: capacity)
        names.initialize(repeating: sockaddr_in(), count: capacity)
        parts.initialize(repeating: iovec(), count: capacity)
        messages.initialize(repeating: perseid_mmsghdr(), count: capacity)
    }

    deinit {
        payload.deallocate()
        control.deallocate()
        names.deallocate()
        parts.deallocate()
        messages.deallocate()
    }

    public var isFull: Bool { count == capacity }

    /// Adds a datagram that `write` puts into the buffer it is handed; it gives the bytes written. False, and
    /// `write` is not called, if the batch is full.
    @discardableResult
    public mutating func append(
        to destination: IPv4Endpoint, from source: IPv4Address = .any, interfaceIndex: UInt32 = 0,
        _ write: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Bool {
        guard !isFull else { return false }
        let start = payload + count * datagramSize
        let size = write(UnsafeMutableRawBufferPointer(start: start, count: datagramSize))
        let extra = control + count * Self.controlSize
        let used = perseid_write_control(extra, source.value.bigEndian, interfaceIndex, 0)
        names[count] = destination.kernelForm
        parts[count] = iovec(iov_base: start, iov_len: min(max(size, 0), datagramSize))
        messages[count] = perseid_mmsghdr(
            header: msghdr(
                msg_name: names + count, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size),
                msg_iov: parts + count, msg_iovlen: 1,
                msg_control: used == 0 ? nil : extra, msg_controllen: used, msg_flags: 0),
            length: 0)
        count += 1
        return true
    }

    /// The messages from `first` on, for sendmmsg.
    func messages(from first: Int) -> UnsafeMutablePointer<perseid_mmsghdr> { messages + first }

    /// Forgets what was gathered.
    public mutating func removeAll() { count = 0 }
}

extension UDPSocket {
    /// Sends all that `batch` holds and empties it. Gives how many datagrams the kernel took; those after a full
    /// kernel buffer are dropped, as the network would. A datagram that cannot be sent (no route, too long) does
    /// not keep back those after it; `onError` hears of it.
    @discardableResult
    public func send(_ batch: inout SendBatch, onError: (SystemError) -> Void = { _ in }) -> Int {
        var next = 0
        var sent = 0
        while next < batch.count {
            do throws(SystemError) {
                let taken = try systemCall("sendmmsg", "UDP \(local)") {
                    perseid_sendmmsg(descriptor.raw, batch.messages(from: next), UInt32(batch.count - next))
                }
                guard taken > 0 else { break }
                next += Int(taken)
                sent += Int(taken)
            } catch {
                if error.isWouldBlock || error.code == ENOBUFS { break }
                onError(error)
                next += 1
            }
        }
        batch.removeAll()
        return sent
    }
}
