import BootMachine
public import BootPolicy
public import BootProtocols
public import Registry

/// The DHCP server as a value: messages and the time go in, actions come out (RFC 2131, 4.3).
///
/// One machine has one address from its ROM to its runtime OS: leases are keyed by `chaddr`, because each program
/// on the way sends another client identifier. Time is in milliseconds since 1970 and may step back; then leases
/// last longer, and none is given twice.
public struct DHCPMachine: Sendable {
    public let settings: DHCPSettings
    /// What policy says of a MAC; asked once for each message. To change policy at run time, let the closure read
    /// what changes.
    private let verdict: @Sendable (MACAddress) -> NodeVerdict
    var pool: AddressPool
    var conversations = ConversationMemory()
    private var strangers = EventBudget()
    /// Messages that were not DHCP requests of Ethernet clients, since the start.
    public private(set) var malformed = 0

    /// Milliseconds for which an OFFER holds its address. EDK2 waits out its 4 s window before it asks.
    static let offerHold: Int64 = 60_000
    /// Milliseconds for which an address that a client declined is given to nobody.
    static let declineHold: Int64 = 600_000

    /// - Parameter leases: what the registry has, expired ones too: they let machines keep their addresses.
    public init(
        settings: DHCPSettings, leases: [Lease], verdict: @escaping @Sendable (MACAddress) -> NodeVerdict
    ) throws(DHCPSettingsError) {
        let range = try settings.checkedPool()
        self.settings = settings
        self.verdict = verdict
        pool = AddressPool(range: range, withheld: settings.withheld, leases: leases)
    }

    /// Takes one datagram's payload and says what is to be done, in order.
    public mutating func receive(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64
    ) -> [DHCPAction] {
        let message: DHCPMessage
        do throws(DHCPError) {
            message = try DHCPMessage(decoding: bytes)
        } catch {
            malformed += 1
            return refuseMalformed(bytes, error, at: now)
        }
        guard message.operation == .request, !message.mac.isMulticast, message.mac.value != 0 else {
            malformed += 1
            return []
        }
        var exchange = Exchange(
            message: message, source: source, port: port, now: now, verdict: verdict(message.mac),
            loader: settings.loader)
        guard let type = message.options.messageType else {
            return refuse(exchange, "BOOTP without DHCP (no option 53) is not served")
        }
        if let problem = problemWithRelay(message) { return refuse(exchange, problem) }
        let (conversation, isNew) = conversations.conversation(of: message, at: now)
        exchange.conversation = conversation
        exchange.opensConversation = isNew
        let actions = answer(type, &exchange)
        conversations.update(exchange.conversation, of: message.mac)
        return actions
    }

    private mutating func answer(_ type: DHCPMessageType, _ exchange: inout Exchange) -> [DHCPAction] {
        switch (exchange.port, type) {
        case (.server, .discover): discover(&exchange)
        case (.server, .request): request(&exchange)
        case (.server, .inform): inform(exchange)
        case (.server, .decline): decline(exchange)
        case (.server, .release): release(exchange)
        case (.bootServer, .request), (.bootServer, .inform): answerBootServerRequest(&exchange)
        case (_, .offer), (_, .ack), (_, .nak), (.bootServer, _): []
        }
    }

    /// One message with all that is known around it.
    struct Exchange {
        let message: DHCPMessage
        let source: IPv4Endpoint
        let port: DHCPPort
        let now: Int64
        let verdict: NodeVerdict
        let loader: BootLoader
        var conversation: Conversation
        var opensConversation = true

        init(
            message: DHCPMessage, source: IPv4Endpoint, port: DHCPPort, now: Int64, verdict: NodeVerdict,
            loader: BootLoader
        ) {
            self.message = message
            self.source = source
            self.port = port
            self.now = now
            self.verdict = verdict
            self.loader = loader
            conversation = Conversation(transactionID: message.transactionID, began: now, isChained: false)
        }

        var mac: MACAddress { message.mac }

        var client: BootClient {
            BootClient(ClientTraits(message, wasChained: conversation.isChained), giving: loader)
        }

        func event(_ kind: BootEvent.Kind, bytes: Int? = nil, _ detail: String) -> DHCPAction {
            .record(
                BootEvent(
                    node: mac, kind: kind, at: now, transport: .dhcp, bytes: bytes.map { Int64($0) }, detail: detail))
        }
    }
}

// MARK: - Who is answered

extension DHCPMachine {
    /// The reason for which a boot program gets no answer; nil for whoever may go on. An operating system, and a
    /// bare client that cannot be told from one, is served whatever policy says of its machine's booting.
    func reasonToRefuse(_ client: BootClient, _ verdict: NodeVerdict) -> String? {
        if case .refused(let reason) = client.offer { return "\(client): \(reason)" }
        guard case .ignored(let reason) = verdict else { return nil }
        switch client.kind {
        case .system, .grub: return nil
        case .ipxe, .httpFirmware, .pxeFirmware, .biosROM, .raspberryPi, .uBoot, .agent: return "\(client): \(reason)"
        }
    }

    mutating func refuse(_ exchange: Exchange, _ reason: String) -> [DHCPAction] {
        guard exchange.verdict.isKnown || strangers.take(at: exchange.now) else { return [] }
        return [exchange.event(.refused, reason)]
    }

    /// What is wrong with `giaddr`, if anything (RFC 2131, 4.1). Only the configured subnet is served.
    private func problemWithRelay(_ message: DHCPMessage) -> String? {
        let relay = message.relayAddress
        guard relay != .any, relay == settings.serverAddress || !settings.subnet.contains(relay) else { return nil }
        return "relay agent \(relay) is not in \(settings.subnet), the subnet that is served"
    }

    /// A record of a client whose messages cannot be read: else it would look as if it never asked.
    private mutating func refuseMalformed(_ bytes: [UInt8], _ error: DHCPError, at now: Int64) -> [DHCPAction] {
        // op 1, Ethernet, and chaddr at its place (RFC 2131, 2).
        guard bytes.count >= 34, bytes.prefix(3) == [1, 1, 6], let mac = MACAddress(octets: bytes[28..<34]),
            !mac.isMulticast, mac.value != 0, strangers.take(at: now)
        else { return [] }
        return [
            .record(
                BootEvent(
                    node: mac, kind: .refused, at: now, transport: .dhcp, detail: "malformed DHCP message: \(error)"))
        ]
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
