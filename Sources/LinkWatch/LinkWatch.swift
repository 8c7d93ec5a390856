public import BootProtocols

/// What a DHCP server should know of its link besides its own messages, as a value: frames and the time go in, findings
/// come out.
///
/// It keeps the last frames of each machine, tells of other DHCP servers and of addresses that two machines claim, and
/// asks by ARP whether an address is in use before it is given away.
public struct LinkWatch: Sendable {
    /// Whose link it is.
    public struct Settings: Hashable, Sendable {
        /// Of the served interface.
        public var mac: MACAddress
        /// All of this server: of the interface, and its server identifiers.
        public var addresses: Set<IPv4Address>
        /// Somebody else gives the addresses here (`dhcp: proxy`): the first server that is seen is no news.
        public var expectsMainServer = false
        public var captures = CaptureRing.Limits()

        public init(mac: MACAddress, addresses: Set<IPv4Address>) {
            self.mac = mac
            self.addresses = addresses
        }
    }

    /// What the watch found, or wants done.
    public enum Action: Hashable, Sendable {
        /// An ARP probe.
        case send([UInt8])
        /// A host answered for an address that was asked about: it cannot be given away.
        case inUse(IPv4Address, by: MACAddress)
        /// Another DHCP server has answered one of our clients, or was chosen by one.
        case foreignServer(ForeignServer)
        /// Two machines claim one address.
        case duplicate(DuplicateAddress)
    }

    public let settings: Settings
    /// Which machine holds an unexpired lease on an address; the time is in milliseconds since 1970.
    private let holder: @Sendable (IPv4Address, Int64) -> MACAddress?
    public private(set) var captures: CaptureRing
    var probes = ProbeQueue()
    public internal(set) var foreignServers: ForeignServers
    public internal(set) var duplicates = DuplicateAddresses()
    /// Addresses that were asked about and are in use, and by whom: the last 256.
    public private(set) var occupied: [IPv4Address: MACAddress] = [:]
    private static let mostOccupied = 256
    /// Frames that were looked at.
    public private(set) var frameCount = 0

    public init(settings: Settings, holder: @escaping @Sendable (IPv4Address, Int64) -> MACAddress?) {
        self.settings = settings
        self.holder = holder
        captures = CaptureRing(limits: settings.captures)
        foreignServers = ForeignServers(expectsMainServer: settings.expectsMainServer)
    }

    /// Takes one frame.
    /// - Parameters:
    ///   - length: bytes that it had on the wire.
    ///   - timestamp: nanoseconds since 1970.
    /// - Returns: nothing for nearly all frames.
    public mutating func receive(
        _ frame: RawSpan, length: Int, isOutgoing: Bool, at timestamp: Int64
    ) -> [Action] {
        frameCount += 1
        guard let glance = FrameGlance(frame) else { return [] }
        switch glance {
        case .arp(let arp):
            keep(frame, length, timestamp, of: glance.machine(isOutgoing: isOutgoing), onlyIfKnown: true)
            return isOutgoing ? [] : receive(arp, at: timestamp / 1_000_000)
        case .dhcp(let message):
            keep(frame, length, timestamp, of: message.client, onlyIfKnown: false)
            return isOutgoing ? [] : receive(message, frame, at: timestamp / 1_000_000)
        case .tftp(let packet):
            receive(packet, frame, length, isOutgoing: isOutgoing, timestamp)
            return []
        }
    }

    /// Whose frame it is: of DHCP the client's, of the rest the other host's. Nil for frames that are none of ours.
    /// - Parameter own: the MAC of the served interface.
    public static func machine(of frame: RawSpan, own: MACAddress) -> MACAddress? {
        FrameGlance(frame)?.machine(isOutgoing: frame.macAddress(6) == own)
    }

    private mutating func keep(
        _ frame: RawSpan, _ length: Int, _ timestamp: Int64, of mac: MACAddress, onlyIfKnown: Bool
    ) {
        guard !mac.isMulticast, mac.value != 0, !onlyIfKnown || captures.has(mac) else { return }
        captures.add(frame, length: length, at: timestamp, of: mac)
    }

    /// TFTP goes on at other ports than it began at (RFC 1350, 4): the machine's is that of its request.
    private mutating func receive(
        _ packet: FrameGlance.TFTP, _ frame: RawSpan, _ length: Int, isOutgoing: Bool, _ timestamp: Int64
    ) {
        if packet.isRequest {
            keep(frame, length, timestamp, of: packet.source, onlyIfKnown: false)
            captures[transferPort: packet.source] = packet.sourcePort
            return
        }
        let (client, port) =
            isOutgoing ? (packet.destination, packet.destinationPort) : (packet.source, packet.sourcePort)
        guard captures[transferPort: client] == port else { return }
        keep(frame, length, timestamp, of: client, onlyIfKnown: true)
    }

    // MARK: - ARP

    /// Whoever sends ARP with an address in it says that the address is its own; a probe has none (RFC 5227, 1.1).
    private mutating func receive(_ arp: FrameGlance.ARP, at now: Int64) -> [Action] {
        guard arp.senderAddress != .any, arp.senderMAC != settings.mac, !arp.senderMAC.isMulticast else { return [] }
        var actions: [Action] = []
        if probes.answer(arp.senderAddress, at: now) {
            if occupied.count >= Self.mostOccupied { occupied.removeAll(keepingCapacity: true) }
            occupied[arp.senderAddress] = arp.senderMAC
            actions.append(.inUse(arp.senderAddress, by: arp.senderMAC))
        }
        let owner =
            settings.addresses.contains(arp.senderAddress) ? settings.mac : holder(arp.senderAddress, now)
        if let owner, owner != arp.senderMAC,
            let duplicate = duplicates.note(arp.senderAddress, of: owner, claimedBy: arp.senderMAC, at: now)
        {
            actions.append(.duplicate(duplicate))
        }
        return actions
    }

    /// Asks whether anybody uses `address`, by ARP probes (RFC 5227, 2.1.1) that `tick` sends. False where too many
    /// wait already.
    @discardableResult
    public mutating func probe(_ address: IPv4Address, at now: Int64) -> Bool {
        probes.add(address, at: now)
    }

    /// Sends what is due. Call it again at `deadline`.
    public mutating func tick(at now: Int64) -> [Action] {
        probes.due(at: now).map { address in
            let probe = ARPPacket(
                operation: .request, senderMAC: settings.mac, senderAddress: .any, targetMAC: MACAddress(value: 0),
                targetAddress: address)
            return .send(probe.frame(to: .broadcast))
        }
    }

    /// When `tick` has something to do, in milliseconds of its clock; nil: not before the next `probe`.
    public var deadline: Int64? { probes.deadline }

    // MARK: - DHCP

    private mutating func receive(_ message: FrameGlance.DHCP, _ frame: RawSpan, at now: Int64) -> [Action] {
        guard message.sender != settings.mac, let server = message.server, server != .any,
            !settings.addresses.contains(server),
            // A relay agent that has clients take it for the server (RFC 5107, 4), by our leave.
            message.relay == .any || server != message.relay
        else { return [] }
        let sighting: ForeignServer.Sighting
        switch (message.isReply, message.type) {
        case (true, .offer?), (true, .ack?), (true, .nak?):
            sighting = ForeignServer.Sighting(
                message: message, address: message.yourAddress, bootFile: Self.bootFile(in: frame, at: message.offset))
        case (false, .request?):
            // Its OFFER came by unicast, past us; the client's choice is told to all (RFC 2131, 3.1).
            sighting = ForeignServer.Sighting(message: message, address: message.requested ?? .any, bootFile: nil)
        default: return []
        }
        let seen = foreignServers.note(
            server, at: message.isReply ? message.sender : nil, sighting, time: now)
        return seen.map { [.foreignServer($0)] } ?? []
    }

    /// The name of a boot file, in the field or in option 67. Decodes the message whole: offers of other servers are few.
    private static func bootFile(in frame: RawSpan, at offset: Int) -> String? {
        guard offset <= frame.byteCount else { return nil }
        let bytes = frame.extracting(offset..<frame.byteCount).withUnsafeBytes(Array.init)
        guard let message = try? DHCPMessage(decoding: bytes) else { return nil }
        let name = message.options.bootFileName ?? message.bootFile
        return name.isEmpty ? nil : String(printable: name, longest: 200)
    }
}
