public import BootProtocols
internal import CLinux
internal import Glibc

/// A non-blocking raw socket on one interface: whole Ethernet frames in and out (AF_PACKET, needs CAP_NET_RAW).
/// A DHCP server uses it to answer clients that have no address yet, a DHCP client to hear before it has one.
public struct PacketSocket: ~Copyable, Sendable {
    /// What is let in.
    public enum Filter: Hashable, Sendable {
        /// Nothing: for sending only.
        case none
        /// All frames of an EtherType.
        case etherType(UInt16)
        /// Unfragmented IPv4 UDP datagrams to this port, chosen in the kernel.
        case udpPort(UInt16)
        /// All frames of an EtherType, those to the multicast MAC `group` among them.
        case multicast(etherType: UInt16, group: MACAddress)
        /// ICMPv6 messages of this type, chosen in the kernel, to this machine or to the multicast MAC `group`.
        case icmpv6(type: UInt8, group: MACAddress)
    }

    /// A frame that was received; its bytes are in the caller's buffer.
    public struct Frame: Hashable, Sendable {
        /// Bytes of the frame, from the destination MAC on, without the checksum sequence at its end.
        public var count: Int
        /// The sender is on this machine and left the UDP checksum to hardware that is not there: do not verify it.
        public var checksumIsMissing: Bool
    }

    public let descriptor: FileDescriptor
    public let interface: NetworkInterface

    public init(interface: NetworkInterface, filter: Filter) throws(SystemError) {
        let context = "raw socket on \(interface.name)"
        let descriptor = FileDescriptor(owning: try systemCall("socket", context) { perseid_packet_socket() })
        let raw = descriptor.raw
        let etherType: UInt16
        switch filter {
        case .none: etherType = 0
        case .etherType(let type): etherType = type
        case .udpPort(let port):
            etherType = 0x0800
            try systemCall("setsockopt", context) { perseid_filter_udp_port(raw, port) }
        case .multicast(let type, let group):
            etherType = type
            let index = Int32(clamping: interface.index)
            try systemCall("setsockopt", context) { perseid_packet_join(raw, index, group.octets) }
        case .icmpv6(let type, let group):
            etherType = 0x86dd
            let index = Int32(clamping: interface.index)
            try systemCall("setsockopt", context) { perseid_filter_icmpv6_type(raw, type) }
            try systemCall("setsockopt", context) { perseid_packet_join(raw, index, group.octets) }
        }
        try systemCall("bind", context) { perseid_packet_bind(raw, Int32(clamping: interface.index), etherType) }
        self.descriptor = descriptor
        self.interface = interface
    }

    /// Has the card take frames to other MACs too, for as long as the socket is open.
    public func hearAll() throws(SystemError) {
        try systemCall("setsockopt", "raw socket on \(interface.name)") {
            perseid_packet_hear_all(descriptor.raw, Int32(clamping: interface.index))
        }
    }

    /// Sends a frame that begins with the destination MAC; the network card adds the checksum sequence. False if
    /// the kernel's buffer is full.
    @discardableResult
    public func send(frame: RawSpan) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try systemCall("send", "raw socket on \(interface.name)") {
                frame.withUnsafeBytes { Glibc.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
            }
            return true
        } catch {
            guard error.isWouldBlock || error.code == ENOBUFS else { throw error }
            return false
        }
    }

    /// Takes the next frame into `buffer`, nil if none waits. Frames that this host sent are passed over.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Frame? {
        var detail = perseid_frame()
        repeat {
            do throws(SystemError) {
                let count = try systemCall("recvmsg", "raw socket on \(interface.name)") {
                    perseid_packet_receive(descriptor.raw, buffer.baseAddress, buffer.count, &detail)
                }
                if detail.outgoing == 0 { return Frame(count: count, checksumIsMissing: detail.checksum_missing != 0) }
            } catch {
                guard error.isWouldBlock else { throw error }
                return nil
            }
        } while true
    }
}
