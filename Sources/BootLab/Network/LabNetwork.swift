public import BootProtocols

/// The lab's own Ethernet: a bridge that is the boot server's interface, with a tap on it for each machine.
///
/// It exists in the network namespace that `LabNamespace` made and goes with that.
public struct LabNetwork: Hashable, Sendable {
    /// The boot server's interface, at most 15 bytes.
    public let bridge: String
    /// The boot server's address.
    public let address: IPv4Address
    public let prefixLength: Int

    /// `perseid0`, 10.77.0.1/24
    public static let standard = LabNetwork()

    private static let mac = MACAddress(value: 0x5254_00aa_0001)

    private init() {
        bridge = "perseid0"
        address = IPv4Address(value: 0x0a4d_0001)
        prefixLength = 24
    }

    /// The address of host `number` (1...254) in the network.
    public func host(_ number: UInt8) -> IPv4Address {
        IPv4Address(value: address.value & ~0xff | UInt32(number))
    }

    /// Brings loopback and bridge up. A pair of veth keeps the carrier on the bridge while no machine is on, as a
    /// switch does for a real server.
    public func bringUp() async throws(LabError) {
        try await ip("link", "set", "lo", "up")
        // With an address of its own: otherwise it takes that of a port, and another one when ports come and go.
        try await ip(
            "link", "add", bridge, "address", Self.mac.description, "type", "bridge", "stp_state", "0",
            "forward_delay", "0")
        try await ip("addr", "add", "\(address)/\(prefixLength)", "dev", bridge)
        try await ip("link", "set", bridge, "up")
        try await ip("link", "add", "carrier0", "type", "veth", "peer", "name", "carrier1")
        try await ip("link", "set", "carrier0", "master", bridge)
        try await ip("link", "set", "carrier0", "addrgenmode", "none", "up")
        // The far end is nobody: it answers no ARP, and has no address of its own.
        try await ip("link", "set", "carrier1", "addrgenmode", "none", "arp", "off", "up")
    }

    /// Puts a tap for one machine on the bridge. `name` is at most 15 bytes.
    public func addTap(_ name: String) async throws(LabError) {
        try await ip("tuntap", "add", name, "mode", "tap")
        try await ip("link", "set", name, "master", bridge)
        try await ip("link", "set", name, "up")
    }

    /// Takes the tap away again, for a machine of the same name to come.
    public func removeTap(_ name: String) async throws(LabError) {
        try await ip("tuntap", "del", name, "mode", "tap")
    }

    private func ip(_ arguments: String...) async throws(LabError) {
        try await Program("ip", arguments, package: "iproute2").run()
    }
}
