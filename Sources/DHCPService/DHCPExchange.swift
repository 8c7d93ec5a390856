import BootMachine
import BootPolicy
import BootProtocols

/// One message with all that is known around it.
struct DHCPExchange {
    let message: DHCPMessage
    let source: IPv4Endpoint
    let port: DHCPPort
    let now: Int64
    let verdict: NodeVerdict
    /// The program that sent the message.
    let client: BootClient
    var conversation: Conversation
    let opensConversation: Bool
    /// What is remembered of the machine, and a number for its message; for `DHCPReception.keep`.
    var record = ClientRecord()
    var digest: UInt64 = 0
    /// Option 82, if there is one.
    let relay: RelayAgentInformation?
    /// The subnet that the client is in, as `ServedNetwork` numbers them.
    var subnet = 0
    /// What the machine is given by name.
    var reservation: ReservationTable.Entry?

    init(
        message: DHCPMessage, source: IPv4Endpoint, port: DHCPPort, now: Int64, verdict: NodeVerdict,
        client: BootClient, conversation: Conversation, opensConversation: Bool
    ) {
        self.message = message
        self.source = source
        self.port = port
        self.now = now
        self.verdict = verdict
        self.client = client
        self.conversation = conversation
        self.opensConversation = opensConversation
        relay = message.options.relayAgent
    }

    var mac: MACAddress { message.mac }

    /// What the client is to take for its server, by the word of its relay agent (RFC 5107, 4).
    var serverOverride: IPv4Address? { message.relayAddress == .any ? nil : relay?.serverIdentifierOverride }

    /// The type of the message, for events.
    var typeWords: String {
        if let type = message.options.messageType { return "\(type)" }
        guard let value = message.options[.messageType] else { return "BOOTP without DHCP (no option 53)" }
        return "a DHCP message of the unknown type \(value.map(String.init).joined(separator: "."))"
    }

    func event(_ kind: BootEvent.Kind, bytes: Int? = nil, _ detail: String) -> DHCPAction {
        .record(
            BootEvent(
                node: mac, kind: kind, at: now, transport: .dhcp, bytes: bytes.map { Int64($0) }, detail: detail))
    }
}

extension NodeVerdict {
    /// The machine is a node.
    var isKnown: Bool {
        if case .known = self { true } else { false }
    }

    /// Policy keeps the machine out.
    var isIgnored: Bool {
        if case .ignored = self { true } else { false }
    }
}
