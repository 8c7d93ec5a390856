public import BootPolicy
import BootProtocols
public import PacketCapture

/// One captured frame in words: who sent what to whom, each DHCP option by name and value, what kind of client it is
/// by the fingerprint table, and what is odd about it.
public struct PacketAccount: Codable, Hashable, Sendable {
    /// One option of a message.
    public struct Option: Codable, Hashable, Sendable {
        public var code: UInt8
        public var name: String
        /// In words, or in hex where the value does not have the option's form.
        public var value: String
    }

    /// What is in a DHCP message.
    public struct DHCP: Codable, Hashable, Sendable {
        /// `DHCPDISCOVER`; `BOOTREQUEST` without option 53.
        public var type: String
        public var transactionID: String
        public var secs: UInt16
        public var broadcast: Bool
        public var hops: UInt8
        public var clientAddress: String
        public var yourAddress: String
        public var nextServer: String
        public var relayAddress: String
        public var mac: String
        public var serverName: String
        public var bootFile: String
        public var options: [Option]
        /// Of a client's message: what it is by our fingerprint table.
        public var client: String?
        /// Of a client's message: what Perseid would offer it.
        public var offer: String?
        /// Oddities, and what they do to a boot.
        public var quirks: [String]
    }

    /// Milliseconds since 1970.
    public var at: Int64
    public var sourceMAC: String
    public var destinationMAC: String
    /// `10.0.0.1:67`; nil where the frame carries no UDP.
    public var source: String?
    public var destination: String?
    /// Bytes on the wire.
    public var length: Int
    /// One line: `DHCPOFFER of 10.0.0.7 to 52:54:00:12:34:56`.
    public var summary: String
    public var dhcp: DHCP?
    /// What kept the frame from being read to its end.
    public var problem: String?

    /// Nil for a frame that carries none of DHCP, PXE, TFTP and ARP.
    public init?(_ frame: CapturedFrame, giving loader: BootLoader = .ipxe) {
        guard frame.bytes.count >= EthernetHeader.size,
            let destination = MACAddress(octets: frame.bytes.prefix(6)),
            let source = MACAddress(octets: frame.bytes[6..<12])
        else { return nil }
        at = frame.timestamp / 1_000_000
        sourceMAC = source.description
        destinationMAC = destination.description
        length = frame.originalLength
        summary = ""
        switch UInt16(frame.bytes[12]) << 8 | UInt16(frame.bytes[13]) {
        case EtherType.arp.rawValue: readARP(frame.bytes)
        case EtherType.ipv4.rawValue:
            guard readUDP(frame, giving: loader) else { return nil }
        default: return nil
        }
    }

    // MARK: - Layers

    private mutating func readARP(_ bytes: [UInt8]) {
        do throws(FrameError) {
            let packet = try ARPPacket(decodingFrame: bytes)
            switch packet.operation {
            case .request where packet.senderAddress == .any:
                summary = "ARP probe: who has \(packet.targetAddress)?"
            case .request where packet.senderAddress == packet.targetAddress:
                summary = "ARP announcement: \(packet.senderAddress) is at \(packet.senderMAC)"
            case .request:
                summary = "ARP: who has \(packet.targetAddress)? tell \(packet.senderAddress)"
            case .reply: summary = "ARP: \(packet.senderAddress) is at \(packet.senderMAC)"
            }
        } catch {
            summary = "ARP that does not read"
            problem = "\(error)"
        }
    }

    /// False where it is none of ours.
    private mutating func readUDP(_ frame: CapturedFrame, giving loader: BootLoader) -> Bool {
        let isCut = frame.bytes.count < frame.originalLength
        do throws(FrameError) {
            let packet = try UDPFrame(decoding: frame.bytes)
            let ports = (packet.udp.sourcePort, packet.udp.destinationPort)
            source = "\(packet.ip.source):\(ports.0)"
            destination = "\(packet.ip.destination):\(ports.1)"
            if Self.carriesDHCP(ports) {
                readDHCP(Array(packet.payload), at: ports, giving: loader)
                return true
            }
            return readTFTP(Array(packet.payload), at: ports)
        } catch {
            // Of a first data block the watch keeps only the beginning.
            let at = EthernetHeader.size + IPv4Header.minimumSize + 8
            guard isCut, frame.bytes.dropFirst(at).starts(with: [0, 3, 0, 1]) else { return false }
            summary = "TFTP DATA block 1, \(frame.originalLength - at - TFTPPacket.dataHeaderSize) bytes"
            return true
        }
    }

    private static func carriesDHCP(_ ports: (UInt16, UInt16)) -> Bool {
        [67, 68, 4011].contains(ports.0) || [67, 68, 4011].contains(ports.1)
    }

    /// Requests, answers to options and errors; of the data the first block alone.
    private mutating func readTFTP(_ payload: [UInt8], at ports: (UInt16, UInt16)) -> Bool {
        guard let packet = try? TFTPPacket(decoding: payload.span.bytes) else { return false }
        switch packet {
        case .readRequest(let request) where ports.1 == 69:
            summary = "TFTP RRQ \(String(printable: request.fileName.utf8))" + Self.text(request.options)
        case .writeRequest(let request) where ports.1 == 69:
            summary = "TFTP WRQ \(String(printable: request.fileName.utf8))"
        case .data(block: 1, let payload): summary = "TFTP DATA block 1, \(payload.count) bytes"
        case .error(let code, let message):
            summary = "TFTP ERROR \(code.rawValue) \(String(printable: message.utf8))"
        case .optionAcknowledgment(let options): summary = "TFTP OACK" + Self.text(options)
        case .readRequest, .writeRequest, .data, .acknowledgment: return false
        }
        return true
    }

    private static func text(_ options: [TFTPOption]) -> String {
        options.map { " \(String(printable: $0.name.utf8))=\($0.value)" }.joined()
    }
}
