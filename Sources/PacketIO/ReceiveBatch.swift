public import BootProtocols
internal import CLinux
internal import Glibc

/// Where a datagram came from and where it arrived.
public struct DatagramOrigin: Hashable, Sendable {
    /// The sender.
    public var source: IPv4Endpoint
    /// Destination in the IP header: an address of ours, or a broadcast.
    public var destination: IPv4Address
    /// The address of ours to answer from, also for a broadcast.
    public var localAddress: IPv4Address
    /// The interface it arrived on.
    public var interfaceIndex: UInt32
    /// The datagram was longer than the batch's buffers and is cut.
    public var isTruncated: Bool
    /// When the kernel took it in; milliseconds since 1970. Nil if the socket does not ask for it.
    public var arrived: Int64?

    public init(
        source: IPv4Endpoint, destination: IPv4Address, localAddress: IPv4Address, interfaceIndex: UInt32,
        isTruncated: Bool = false, arrived: Int64? = nil
    ) {
        self.source = source
        self.destination = destination
        self.localAddress = localAddress
        self.interfaceIndex = interfaceIndex
        self.isTruncated = isTruncated
        self.arrived = arrived
    }
}

/// Room for a number of datagrams, allocated once and filled by `UDPSocket.receive` in one call.
public struct ReceiveBatch: ~Copyable {
    /// Datagrams that fit.
    public let capacity: Int
    /// Bytes kept of each.
    public let datagramSize: Int
    /// Datagrams that the last receive brought.
    public internal(set) var count = 0

    private let payload: UnsafeMutableRawPointer
    private let control: UnsafeMutableRawPointer
    private let names: UnsafeMutablePointer<sockaddr_in>
    private let parts: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<perseid_mmsghdr>
    private static var controlSize: Int { Int(PERSEID_CONTROL_SIZE) }

    public init(capacity: Int = 32, datagramSize: Int = 2048) {
        let capacity = min(max(capacity, 1), 1024)
        let datagramSize = min(max(datagramSize, 1), 65536)
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
        for index in 0..<capacity {
            parts[index] = iovec(iov_base: payload + index * datagramSize, iov_len: datagramSize)
        }
        reset(capacity)
    }

    deinit {
        payload.deallocate()
        control.deallocate()
        names.deallocate()
        parts.deallocate()
        messages.deallocate()
    }

    /// Sets the lengths anew that the kernel overwrote with what it found, those of the last receive: a batch has room
    /// for hundreds, and where little goes on one datagram comes at a time.
    func prepare() -> UnsafeMutablePointer<perseid_mmsghdr> {
        reset(count)
        return messages
    }

    private func reset(_ count: Int) {
        for index in 0..<count {
            messages[index].header = msghdr(
                msg_name: names + index, msg_namelen: socklen_t(MemoryLayout<sockaddr_in>.size),
                msg_iov: parts + index, msg_iovlen: 1,
                msg_control: control + index * Self.controlSize, msg_controllen: Self.controlSize, msg_flags: 0)
        }
    }

    /// Hands each datagram of the last receive to `body`, in the order of arrival. The bytes live during the call.
    public func forEachDatagram<Failure: Error>(
        _ body: (DatagramOrigin, RawSpan) throws(Failure) -> Void
    ) throws(Failure) {
        for index in 0..<count { _ = try withDatagram(at: index, body) }
    }

    /// Hands one datagram of the last receive to `body`, whose bytes live during the call; nil, and no call, if
    /// `index` is not within 0..<count.
    public func withDatagram<Result, Failure: Error>(
        at index: Int, _ body: (DatagramOrigin, RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard index >= 0, index < count else { return nil }
        let size = min(Int(messages[index].length), datagramSize)
        let bytes = UnsafeRawBufferPointer(start: payload + index * datagramSize, count: size)
        return try body(origin(of: index), RawSpan(_unsafeBytes: bytes))
    }

    private func origin(of index: Int) -> DatagramOrigin {
        var arrival = perseid_arrival()
        perseid_read_arrival(&messages[index].header, &arrival)
        return DatagramOrigin(
            source: IPv4Endpoint(names[index]),
            destination: IPv4Address(value: UInt32(bigEndian: arrival.destination)),
            localAddress: IPv4Address(value: UInt32(bigEndian: arrival.local)),
            interfaceIndex: arrival.interface_index,
            isTruncated: messages[index].header.msg_flags & Int32(MSG_TRUNC) != 0,
            arrived: arrival.milliseconds == 0 ? nil : arrival.milliseconds)
    }
}
