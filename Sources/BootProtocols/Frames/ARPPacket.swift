/// An ARP packet for IPv4 over Ethernet (RFC 826).
public struct ARPPacket: Hashable, Sendable {
    public enum Operation: UInt16, Hashable, Sendable {
        case request = 1
        case reply = 2
    }

    /// Bytes without padding.
    public static let size = 28

    public var operation: Operation
    public var senderMAC: MACAddress
    public var senderAddress: IPv4Address
    /// All zeros in a request.
    public var targetMAC: MACAddress
    public var targetAddress: IPv4Address

    public init(
        operation: Operation, senderMAC: MACAddress, senderAddress: IPv4Address, targetMAC: MACAddress,
        targetAddress: IPv4Address
    ) {
        self.operation = operation
        self.senderMAC = senderMAC
        self.senderAddress = senderAddress
        self.targetMAC = targetMAC
        self.targetAddress = targetAddress
    }

    /// Reads an Ethernet frame that carries ARP; padding after the packet is passed over.
    public init(decodingFrame frame: [UInt8]) throws(FrameError) {
        var reader = ByteReader(frame)
        let ethernet = try EthernetHeader(&reader)
        guard ethernet.type == .arp else { throw .malformed(layer: "Ethernet", reason: "the frame does not carry ARP") }
        let available = reader.remaining
        guard let hardware = reader.uint16(), let networkProtocol = reader.uint16(), let sizes = reader.uint16(),
            let code = reader.uint16(), let senderMAC = reader.macAddress(), let sender = reader.ipv4Address(),
            let targetMAC = reader.macAddress(), let target = reader.ipv4Address()
        else { throw .truncated(layer: "ARP", needed: Self.size, available: available) }
        guard hardware == 1, networkProtocol == EtherType.ipv4.rawValue, sizes == 0x0604 else {
            throw .malformed(layer: "ARP", reason: "not IPv4 over Ethernet")
        }
        guard let operation = Operation(rawValue: code) else {
            throw .malformed(layer: "ARP", reason: "operation \(code) is neither request nor reply")
        }
        self.init(
            operation: operation, senderMAC: senderMAC, senderAddress: sender, targetMAC: targetMAC,
            targetAddress: target)
    }

    /// The packet in an Ethernet frame of the least size, 60 bytes without the check sequence.
    public func frame(to destination: MACAddress) -> [UInt8] {
        var writer = ByteWriter(capacity: 60)
        EthernetHeader(destination: destination, source: senderMAC, type: .arp).write(to: &writer)
        writer.write(1 as UInt16)
        writer.write(EtherType.ipv4.rawValue)
        writer.write(0x0604 as UInt16)
        writer.write(operation.rawValue)
        writer.write(senderMAC)
        writer.write(senderAddress)
        writer.write(targetMAC)
        writer.write(targetAddress)
        writer.pad(to: 60)
        return writer.bytes
    }
}
