internal import BootProtocols

/// As much of a frame as says whose it is and whether it is news: read in place, without a copy.
enum FrameGlance: Hashable {
    case arp(ARP)
    case dhcp(DHCP)
    case tftp(TFTP)

    /// An ARP packet for IPv4 over Ethernet (RFC 826), request or reply.
    struct ARP: Hashable {
        var senderMAC: MACAddress
        var senderAddress: IPv4Address
        var targetMAC: MACAddress
        var targetAddress: IPv4Address
    }

    /// A DHCP or BOOTP message of an Ethernet client.
    struct DHCP: Hashable {
        /// The frame's sender: the client, the server or a relay agent.
        var sender: MACAddress
        var isReply: Bool
        /// `chaddr`
        var client: MACAddress
        /// `yiaddr`
        var yourAddress: IPv4Address
        /// `giaddr`
        var relay: IPv4Address
        /// Option 53; nil in BOOTP.
        var type: DHCPMessageType?
        /// Option 54
        var server: IPv4Address?
        /// Option 50
        var requested: IPv4Address?
        /// Where the message begins in the frame.
        var offset: Int
    }

    /// A TFTP packet, or what looks like one.
    struct TFTP: Hashable {
        var source: MACAddress
        var destination: MACAddress
        var sourcePort: UInt16
        var destinationPort: UInt16

        /// Sent to the port that requests go to (RFC 1350, 4).
        var isRequest: Bool { destinationPort == 69 }
    }

    /// Nil for whatever else passed the kernel's filter.
    init?(_ frame: RawSpan) {
        switch frame.uint16(12) {
        case EtherType.arp.rawValue:
            guard let arp = ARP(frame) else { return nil }
            self = .arp(arp)
        case EtherType.ipv4.rawValue:
            guard let datagram = Datagram(frame) else { return nil }
            if datagram.carriesDHCP {
                guard let message = DHCP(frame, datagram) else { return nil }
                self = .dhcp(message)
            } else {
                self = .tftp(
                    TFTP(
                        source: datagram.source, destination: datagram.destination, sourcePort: datagram.sourcePort,
                        destinationPort: datagram.destinationPort))
            }
        default: return nil
        }
    }

    /// Whose frame it is: the client's, in DHCP and TFTP; of ARP the other host's.
    func machine(isOutgoing: Bool) -> MACAddress {
        switch self {
        case .arp(let arp): isOutgoing ? arp.targetMAC : arp.senderMAC
        case .dhcp(let message): message.client
        case .tftp(let packet): isOutgoing ? packet.destination : packet.source
        }
    }
}

extension FrameGlance.ARP {
    fileprivate init?(_ frame: RawSpan) {
        // Hardware 1 and protocol IPv4, addresses of six and four bytes; the operation is request or reply.
        guard frame.uint32(14) == 0x0001_0800, frame.uint16(18) == 0x0604, let operation = frame.uint16(20),
            (1...2).contains(operation), let senderMAC = frame.macAddress(22), let sender = frame.uint32(28),
            let targetMAC = frame.macAddress(32), let target = frame.uint32(38)
        else { return nil }
        self.init(
            senderMAC: senderMAC, senderAddress: IPv4Address(value: sender), targetMAC: targetMAC,
            targetAddress: IPv4Address(value: target))
    }
}

/// An unfragmented UDP datagram over IPv4, or the first fragment of one.
private struct Datagram {
    let destination: MACAddress
    let source: MACAddress
    let sourcePort: UInt16
    let destinationPort: UInt16
    /// Where its payload begins in the frame.
    let payload: Int

    init?(_ frame: RawSpan) {
        guard let version = frame.uint8(14), version >> 4 == 4, version & 0x0f >= 5, frame.uint8(23) == IPv4Header.udp
        else { return nil }
        let udp = 14 + 4 * Int(version & 0x0f)
        guard let destination = frame.macAddress(0), let source = frame.macAddress(6),
            let sourcePort = frame.uint16(udp), let destinationPort = frame.uint16(udp + 2)
        else { return nil }
        self.destination = destination
        self.source = source
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        payload = udp + 8
    }

    /// By its ports: DHCP's (RFC 2131, 4.1) or the PXE boot server's (PXE 2.1, 2.2.5).
    var carriesDHCP: Bool {
        [67, 68, 4011].contains(destinationPort) || [67, 4011].contains(sourcePort)
    }
}

extension FrameGlance.DHCP {
    fileprivate init?(_ frame: RawSpan, _ datagram: Datagram) {
        let at = datagram.payload
        // Ethernet with addresses of six octets (RFC 2131, 2).
        guard let operation = frame.uint8(at), (1...2).contains(operation), frame.uint16(at + 1) == 0x0106,
            let yours = frame.uint32(at + 16), let relay = frame.uint32(at + 24), let client = frame.macAddress(at + 28)
        else { return nil }
        self.init(
            sender: datagram.source, isReply: operation == 2, client: client, yourAddress: IPv4Address(value: yours),
            relay: IPv4Address(value: relay),
            offset: at)
        if frame.uint32(at + 236) == 0x6382_5363 { readOptions(frame, from: at + 240) }
    }

    /// Options 50, 53 and 54 where they stand in the options field; nobody hides these in `file` or `sname`.
    private mutating func readOptions(_ frame: RawSpan, from start: Int) {
        var at = start
        while let code = frame.uint8(at), code != DHCPOptionCode.end.rawValue {
            guard code != DHCPOptionCode.pad.rawValue else {
                at += 1
                continue
            }
            guard let length = frame.uint8(at + 1) else { return }
            switch (DHCPOptionCode(rawValue: code), length) {
            case (.messageType, 1): type = frame.uint8(at + 2).flatMap(DHCPMessageType.init(rawValue:))
            case (.serverIdentifier, 4): server = frame.uint32(at + 2).map(IPv4Address.init(value:))
            case (.requestedAddress, 4): requested = frame.uint32(at + 2).map(IPv4Address.init(value:))
            default: break
            }
            at += 2 + Int(length)
        }
    }
}

/// Fields in network byte order at an offset; nil where the frame ends before.
extension RawSpan {
    func uint8(_ offset: Int) -> UInt8? {
        guard offset >= 0, offset < byteCount else { return nil }
        return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    func uint16(_ offset: Int) -> UInt16? {
        guard offset >= 0, offset <= byteCount - 2 else { return nil }
        return UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    func uint32(_ offset: Int) -> UInt32? {
        guard offset >= 0, offset <= byteCount - 4 else { return nil }
        return UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func macAddress(_ offset: Int) -> MACAddress? {
        guard let high = uint16(offset), let low = uint32(offset + 2) else { return nil }
        return MACAddress(value: UInt64(high) << 32 | UInt64(low))
    }
}
