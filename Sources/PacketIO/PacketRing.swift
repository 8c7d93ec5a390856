internal import CLinux
internal import Glibc

/// Listens on one interface, both ways, with a ring in shared memory (TPACKET_V3): ARP, DHCP, PXE, and the beginnings
/// of TFTP transfers, chosen in the kernel. Needs CAP_NET_RAW to be made.
///
/// Frames that this host sends are seen too, but for those of a socket with PACKET_QDISC_BYPASS.
public struct PacketRing: ~Copyable, @unchecked Sendable {
    /// What is known of a frame beside its bytes.
    public struct Origin: Hashable, Sendable {
        /// Bytes on the wire.
        public var length: Int
        /// Nanoseconds since 1970, when the kernel saw it.
        public var timestamp: Int64
        /// This host sent it.
        public var isOutgoing: Bool
    }

    public let descriptor: FileDescriptor
    public let interface: NetworkInterface
    private var ring: perseid_ring

    /// Bytes of the memory that the kernel fills: a twentieth of a second of 100,000 DHCP packets a second.
    public static let size = blockSize * blockCount
    private static let blockSize = 128 << 10
    /// How many blocks there are: whoever takes so many in a row has been once around.
    public static let blockCount = 16
    /// Milliseconds after which frames are handed over that do not fill a block.
    private static let patience: UInt32 = 10

    public init(interface: NetworkInterface) throws(SystemError) {
        let context = "watching \(interface.name)"
        let descriptor = FileDescriptor(owning: try systemCall("socket", context) { perseid_packet_socket() })
        let raw = descriptor.raw
        var ring = perseid_ring()
        try systemCall("setsockopt", context) { perseid_filter_link_watch(raw, 0) }
        try systemCall("setsockopt", context) {
            perseid_ring_open(raw, UInt32(Self.blockSize), UInt32(Self.blockCount), Self.patience, &ring)
        }
        do throws(SystemError) {
            // All EtherTypes: frames that this host sends are shown to no other kind of packet socket.
            try systemCall("bind", context) { perseid_packet_bind(raw, Int32(clamping: interface.index), 3) }
        } catch {
            perseid_ring_close(&ring)
            throw error
        }
        self.descriptor = descriptor
        self.interface = interface
        self.ring = ring
    }

    deinit {
        var ring = ring
        perseid_ring_close(&ring)
    }

    /// Hands the frames of the next full block to `body`, in their order: from the destination MAC on, without the check
    /// sequence, cut after 2,048 bytes. Gives their number, nil if no block waits.
    public mutating func takeBlock(_ body: (RawSpan, Origin) -> Void) -> Int? {
        var cursor = perseid_ring_cursor()
        guard perseid_ring_begin(&ring, &cursor) == 1 else { return nil }
        var frame = perseid_ring_frame()
        var count = 0
        while perseid_ring_next(&cursor, &frame) == 1 {
            let bytes = RawSpan(_unsafeStart: UnsafeRawPointer(frame.bytes), byteCount: Int(frame.captured))
            let origin = Origin(
                length: Int(frame.length), timestamp: frame.nanoseconds, isOutgoing: frame.outgoing != 0)
            body(bytes, origin)
            count += 1
        }
        perseid_ring_release(&ring)
        return count
    }

    /// Of DHCP messages takes those of one machine in 2^`shift` alone (0...7), whole conversations of each, and answers
    /// of other servers to all: what a kernel does not copy costs least.
    public func sample(shift: Int) throws(SystemError) {
        let mask = UInt8(truncatingIfNeeded: (1 << min(max(shift, 0), 7)) - 1)
        try systemCall("setsockopt", "watching \(interface.name)") { perseid_filter_link_watch(descriptor.raw, mask) }
    }

    /// Frames that found the ring full since this was last asked.
    public func takeDropCount() -> Int { Int(perseid_ring_drops(descriptor.raw)) }
}
