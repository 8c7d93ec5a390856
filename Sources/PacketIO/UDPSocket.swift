public import BootProtocols
internal import CLinux
internal import Glibc

/// A non-blocking IPv4 UDP socket that knows at which of its addresses each datagram arrived.
public struct UDPSocket: ~Copyable, Sendable {
    /// How to open one.
    public struct Options: Sendable {
        /// Address to bind; `.any` for all, also needed to receive broadcasts.
        public var address: IPv4Address
        /// Port to bind; 0 lets the kernel choose a free one.
        public var port: UInt16
        /// Only this interface's traffic, in and out (SO_BINDTODEVICE).
        public var interface: String?
        /// Allows sending to broadcast addresses.
        public var broadcast: Bool
        /// Shares the port with other sockets that ask for it too (SO_REUSEADDR). Off, a taken port is EADDRINUSE.
        public var reuseAddress: Bool
        /// Kernel buffer in each direction in bytes; nil for the default. Without CAP_NET_ADMIN at most what
        /// `net.core.?mem_max` allows.
        public var bufferSize: Int?
        /// The kernel says when each datagram arrived (`DatagramOrigin.arrived`).
        public var timestamps: Bool

        public init(
            address: IPv4Address = .any, port: UInt16, interface: String? = nil, broadcast: Bool = false,
            reuseAddress: Bool = false, bufferSize: Int? = nil, timestamps: Bool = false
        ) {
            self.address = address
            self.port = port
            self.interface = interface
            self.broadcast = broadcast
            self.reuseAddress = reuseAddress
            self.bufferSize = bufferSize
            self.timestamps = timestamps
        }

        var context: String {
            let place = address == .any ? "UDP port \(port)" : "UDP \(address):\(port)"
            return interface.map { "\(place) on \($0)" } ?? place
        }
    }

    public let descriptor: FileDescriptor
    /// The address and port that were bound.
    public let local: IPv4Endpoint

    /// Opens and binds. A port that is taken fails with `isAddressInUse`, one below 1024 without the right to it
    /// with `isPermissionDenied`.
    public init(_ options: Options) throws(SystemError) {
        let context = options.context
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = FileDescriptor(owning: try systemCall("socket", context) { socket(AF_INET, type, 0) })
        let local = try Self.prepare(descriptor.raw, options, context)
        self.descriptor = descriptor
        self.local = local
    }

    private static func prepare(
        _ raw: Int32, _ options: Options, _ context: String
    ) throws(SystemError) -> IPv4Endpoint {
        try setOption(raw, Int32(IPPROTO_IP), IP_PKTINFO, to: 1, context)
        // The DF bit, which the kernel sets otherwise, confuses some boot ROMs.
        try setOption(raw, Int32(IPPROTO_IP), IP_MTU_DISCOVER, to: IP_PMTUDISC_DONT, context)
        if options.timestamps { try systemCall("setsockopt", context) { perseid_ask_timestamps(raw) } }
        if options.broadcast { try setOption(raw, SOL_SOCKET, SO_BROADCAST, to: 1, context) }
        if options.reuseAddress { try setOption(raw, SOL_SOCKET, SO_REUSEADDR, to: 1, context) }
        if let size = options.bufferSize {
            let size = Int32(clamping: size)
            try setBuffer(raw, SO_RCVBUFFORCE, else: SO_RCVBUF, to: size, context)
            try setBuffer(raw, SO_SNDBUFFORCE, else: SO_SNDBUF, to: size, context)
        }
        if let interface = options.interface {
            try systemCall("setsockopt", context) {
                setsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, interface, socklen_t(interface.utf8.count))
            }
        }
        var address = IPv4Endpoint(options.address, port: options.port).kernelForm
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try systemCall("bind", context) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(raw, $0, size) }
            }
        }
        try systemCall("getsockname", context) {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &size) }
            }
        }
        return IPv4Endpoint(address)
    }

    /// Past the host's limit where the caller may, which a server may at its start: 200 KiB, the limit as Linux ships
    /// it, hold what a storm sends in 3 ms.
    private static func setBuffer(
        _ raw: Int32, _ forced: Int32, else option: Int32, to size: Int32, _ context: String
    ) throws(SystemError) {
        do throws(SystemError) {
            try setOption(raw, SOL_SOCKET, forced, to: size, context)
        } catch {
            guard error.isPermissionDenied else { throw error }
            try setOption(raw, SOL_SOCKET, option, to: size, context)
        }
    }

    /// Takes what has arrived, up to the batch's capacity or `limit`, and gives the count: 0 if nothing waits.
    public func receive(into batch: inout ReceiveBatch, atMost limit: Int = .max) throws(SystemError) -> Int {
        do throws(SystemError) {
            let room = min(max(limit, 1), batch.capacity)
            let count = try systemCall("recvmmsg", "UDP \(local)") {
                perseid_recvmmsg(descriptor.raw, batch.prepare(), UInt32(truncatingIfNeeded: room))
            }
            batch.count = Int(count)
        } catch {
            batch.count = 0
            guard error.isWouldBlock else { throw error }
        }
        return batch.count
    }
}
