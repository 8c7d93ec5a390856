import BootProtocols

/// What the server is on its network: the one that gives addresses, or a proxy beside it.
///
/// Two optionals, one of them set, and no enum: the payload of an optional is changed in place, that of an enum is
/// copied out, pool and all, for each message.
public struct DHCPRole: Sendable {
    private(set) var server: DHCPMachine?
    private(set) var proxy: ProxyDHCPMachine?
    let serverAddress: IPv4Address

    public init(_ server: DHCPMachine) {
        self.server = server
        serverAddress = server.settings.serverAddress
    }

    public init(_ proxy: ProxyDHCPMachine) {
        self.proxy = proxy
        serverAddress = proxy.settings.serverAddress
    }

    /// What a server serves now; nil of a proxy.
    var settings: DHCPSettings? { server?.settings }

    mutating func receive(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64
    ) -> [DHCPAction] {
        server?.receive(bytes, from: source, on: port, at: now, waited: waited)
            ?? proxy?.receive(bytes, from: source, on: port, at: now, waited: waited) ?? []
    }

    /// What is wrong with reservations of nodes, which are left out.
    public var leftOut: [DHCPSettingsError] { server?.leftOut ?? [] }

    /// See `DHCPMachine.commits`; a proxy stores nothing.
    var commits: UInt64 { server?.commits ?? 0 }

    mutating func committed(through count: UInt64) { server?.committed(through: count) }

    mutating func forgetAnswers() { server?.forgetAnswers() }

    mutating func start(at now: Int64) -> [DHCPAction] { server?.start(at: now) ?? [] }

    /// Takes over what a server serves; nothing of it is a proxy's.
    mutating func apply(_ settings: DHCPSettings, at now: Int64) throws(DHCPSettingsError) -> [DHCPAction] {
        try server?.apply(settings, at: now) ?? []
    }

    /// Takes over what a proxy says; nothing of it is a server's.
    mutating func apply(_ settings: ProxyDHCPSettings) throws(DHCPSettingsError) { try proxy?.apply(settings) }

    /// A proxy gives no addresses, so none of them is in conflict.
    mutating func conflict(_ address: IPv4Address, with mac: MACAddress, at now: Int64) -> [DHCPAction] {
        server?.conflict(address, with: mac, at: now) ?? []
    }
}
