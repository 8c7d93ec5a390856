public import BootProtocols

/// Someone else's DHCP server on the lab's network: dnsmasq, on a host of its own, which gives addresses, and which knows
/// of booting what it is told.
///
/// The host is a network namespace, named in a directory that is seen in the lab's mount namespace alone and goes with it.
public struct AddressServer: Sendable {
    /// What machines are to boot from another host, as an admin writes it into dnsmasq's settings.
    public struct BootFiles: Hashable, Sendable {
        /// The loaders of BIOS and of UEFI, by TFTP from the lab's address.
        public var bios: String
        public var uefi: String
        /// The loader of UEFI's HTTP boot, and what iPXE is given then: URLs, in which iPXE fills in its variables.
        public var uefiHTTP: String
        public var script: String

        public init(bios: String, uefi: String, uefiHTTP: String, script: String) {
            self.bios = bios
            self.uefi = uefi
            self.uefiHTTP = uefiHTTP
            self.script = script
        }
    }

    private let network: LabNetwork
    private let files: BootFiles?

    private static let host = "addresses"
    private static let names = "/run/netns"

    /// - Parameter files: nil: it says nothing of booting.
    public init(_ network: LabNetwork, giving files: BootFiles? = nil) {
        self.network = network
        self.files = files
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
        ] + bootArguments
    }

    /// docs/clients.md, "Beside another DHCP server", shows the same as a file.
    private var bootArguments: [String] {
        guard let files else { return [] }
        return [
            "--dhcp-match=set:ipxe,175", "--dhcp-match=set:uefi,option:client-arch,7",
            "--dhcp-match=set:uefi,option:client-arch,9", "--dhcp-match=set:http,option:client-arch,16",
            "--dhcp-option-force=tag:http,60,HTTPClient",
            "--dhcp-boot=tag:!ipxe,tag:!uefi,tag:!http,\(files.bios),,\(network.address)",
            "--dhcp-boot=tag:!ipxe,tag:uefi,\(files.uefi),,\(network.address)",
            "--dhcp-boot=tag:!ipxe,tag:http,\(files.uefiHTTP),,\(network.address)",
            "--dhcp-boot=tag:ipxe,\(files.script),,\(network.address)",
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
