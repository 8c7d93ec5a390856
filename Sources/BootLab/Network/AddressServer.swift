public import BootProtocols

/// Someone else's DHCP server on the lab's network: dnsmasq, on a host of its own, which gives addresses and knows nothing
/// of booting.
///
/// The host is a network namespace, named in a directory that is seen in the lab's mount namespace alone and goes with it.
public struct AddressServer: Sendable {
    private let network: LabNetwork

    private static let host = "addresses"
    private static let names = "/run/netns"

    public init(_ network: LabNetwork) {
        self.network = network
    }

    /// Of this server: the network's second.
    public var address: IPv4Address { network.host(2) }

    /// Runs `body` while it serves. Once for a network.
    public func running<Result: Sendable>(
        in directory: LabDirectory, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await plugIn()
        try directory.write([], to: "addresses.leases")
        let log = try Transcript(of: "dnsmasq, which gives the addresses", log: directory.file("addresses.log"))
        let server = Program(
            "ip", ["netns", "exec", Self.host, "dnsmasq"] + arguments(leases: directory.file("addresses.leases")),
            package: "iproute2")
        return try await server.running(into: log) {
            _ = try await log.line(containing: "IP range", within: .seconds(10))
            return try await body()
        }
    }

    func arguments(leases: String) -> [String] {
        [
            "--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--log-dhcp", "--user=root",
            "--port=0",
            "--interface=host", "--bind-interfaces", "--no-ping", "--dhcp-authoritative",
            "--dhcp-range=\(network.host(100)),\(network.host(200))", "--dhcp-leasefile=\(leases)",
        ]
    }

    private func plugIn() async throws(LabError) {
        try await Program("mkdir", ["-p", Self.names]).run()
        try await Program("mount", ["-t", "tmpfs", "tmpfs", Self.names], package: "mount").run()
        try await ip("netns", "add", Self.host)
        try await ip("link", "add", "addresses0", "type", "veth", "peer", "name", "host", "netns", Self.host)
        try await ip("link", "set", "addresses0", "master", network.bridge)
        try await ip("link", "set", "addresses0", "addrgenmode", "none", "up")
        try await ip("-n", Self.host, "addr", "add", "\(address)/\(network.prefixLength)", "dev", "host")
        try await ip("-n", Self.host, "link", "set", "host", "up")
        try await ip("-n", Self.host, "link", "set", "lo", "up")
    }

    private func ip(_ arguments: String...) async throws(LabError) {
        try await Program("ip", arguments, package: "iproute2").run()
    }
}
