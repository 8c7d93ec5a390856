public import BootPolicy
public import BootProtocols
public import Registry

/// The DHCP server as a value: messages and the time go in, actions come out (RFC 2131, 4.3).
///
/// One machine has one address from its ROM to its runtime OS: leases are keyed by `chaddr`, because each program
/// on the way sends another client identifier. Time is in milliseconds since 1970 and may step back; then leases
/// last longer, and none is given twice.
public struct DHCPMachine: Sendable {
    public private(set) var settings: DHCPSettings
    private(set) var network: ServedNetwork
    var pool: AddressPool
    var reception: DHCPReception
    /// Messages that were not DHCP requests of Ethernet clients, since the start.
    public var malformed: Int { reception.malformed }

    /// Milliseconds for which an OFFER holds its address. EDK2 waits out its 4 s window before it asks.
    static let offerHold: Int64 = 60_000
    /// Milliseconds for which an address that a client declined is given to nobody.
    static let declineHold: Int64 = 600_000

    /// - Parameters:
    ///   - leases: what the registry has, expired ones too: they let machines keep their addresses.
    ///   - verdict: what policy says of a MAC; asked once for each message. To change policy at run time, let the
    ///     closure read what changes.
    public init(
        settings: DHCPSettings, leases: [Lease], verdict: @escaping @Sendable (MACAddress) -> NodeVerdict
    ) throws(DHCPSettingsError) {
        network = try ServedNetwork(settings)
        self.settings = settings
        reception = DHCPReception(verdict: verdict)
        pool = AddressPool(network.plan, leases: leases)
    }

    /// What is wrong with reservations of nodes, which are left out.
    public var leftOut: [DHCPSettingsError] { network.leftOut }

    /// What is to be done before the first message: probes of the addresses that will be given first.
    public mutating func start(at now: Int64) -> [DHCPAction] { probes() }

    /// Takes over other settings. Leases, offers and conversations go on; an address that is served no more ends with
    /// its lease.
    /// - Throws: what cannot be served, and nothing has changed then.
    public mutating func apply(_ settings: DHCPSettings, at now: Int64) throws(DHCPSettingsError) -> [DHCPAction] {
        guard settings.serverAddress == self.settings.serverAddress else {
            throw .serverMoved(from: self.settings.serverAddress, to: settings.serverAddress)
        }
        network = try ServedNetwork(settings)
        pool.adopt(network.plan, at: now)
        self.settings = settings
        reception.forgetAnswers()
        return probes()
    }

    /// The probes that are due now.
    mutating func probes() -> [DHCPAction] { pool.takeProbes().map(DHCPAction.probe) }

    /// Takes one datagram's payload and says what is to be done, in order.
    /// - Parameter waited: milliseconds from its arrival until now.
    public mutating func receive(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64 = 0
    ) -> [DHCPAction] {
        takeReporting(bytes, from: source, on: port, at: now, waited: waited)
    }

    mutating func take(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64
    ) -> [DHCPAction] {
        if port == .server, let actions = answerLeaseQuery(bytes, from: source, at: now) { return actions }
        switch reception.take(bytes, from: source, on: port, at: now, waited: waited, under: settings.firmware) {
        case .settled(let actions): return actions
        case .exchange(var exchange):
            let actions = located(&exchange)
            reception.keep(exchange, answeredBy: actions)
            return actions
        }
    }

    private mutating func located(_ exchange: inout Exchange) -> [DHCPAction] {
        if let problem = locate(&exchange) { return refuse(exchange, problem) }
        exchange.reservation = network.reservations.entry(of: exchange.message, exchange.relay)
        return answer(&exchange)
    }

    /// How many leases were given out to be stored. What was given until now may be said again once `committed` was
    /// told of this number.
    public var commits: UInt64 { reception.commits }

    /// The leases up to this number of `commits` are on stable storage.
    public mutating func committed(through count: UInt64) { reception.committed(through: count) }

    /// Leases could not be stored: whoever asks again is answered anew.
    public mutating func forgetAnswers() { reception.forgetAnswers() }

    private mutating func answer(_ exchange: inout Exchange) -> [DHCPAction] {
        switch (exchange.port, exchange.message.options.messageType) {
        case (.server, .discover): discover(&exchange)
        case (.server, .request): request(&exchange)
        case (.server, .inform): inform(exchange)
        case (.server, .decline): decline(exchange)
        case (.server, .release): release(exchange)
        case (.bootServer, .request), (.bootServer, .inform): answerBootServerRequest(&exchange)
        case (.server, nil) where exchange.message.options[.messageType] == nil: bootp(&exchange)
        case (_, .offer), (_, .ack), (_, .nak), (.bootServer, _), (.server, nil):
            refuse(exchange, "\(exchange.typeWords) on port \(exchange.port.rawValue)")
        }
    }
}

extension DHCPMachine: DHCPResponder {
    typealias Exchange = DHCPExchange

    var bootServer: BootServer { settings.bootServer }

    func problem(withClientAt address: IPv4Address, of mac: MACAddress) -> String? {
        guard network.index(of: address) == nil else { return nil }
        return "\(address) is not in \(network.words)"
    }
}
