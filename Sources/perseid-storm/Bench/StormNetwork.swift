import BootLab
import BootProtocols
import Foundation

/// A cable inside the lab: a server's interface at one end, the load at the other, in a network namespace of its own,
/// so that what passes goes through both ends' whole network code.
struct StormNetwork: Sendable {
    let serverInterface = "perseid0"
    let server = IPv4Address(value: 0x0a40_0001)
    /// 10.64.0.0/12: room for a million leases.
    let prefixLength = 12
    let pool = (first: IPv4Address(value: 0x0a40_0100), last: IPv4Address(value: 0x0a4f_c8ff))
    private let relay = IPv4Address(value: 0x0a4f_fffe)
    private let namespace = "storm"

    func bringUp() async throws {
        // `ip netns` keeps namespaces as mounts; the lab's mounts go with it.
        try FileManager.default.createDirectory(atPath: "/run/netns", withIntermediateDirectories: true)
        try await Program("mount", ["-t", "tmpfs", "tmpfs", "/run/netns"], package: "mount").run()
        try await ip("netns", "add", namespace)
        try await ip("link", "set", "lo", "up")
        try await ip(
            "link", "add", serverInterface, "type", "veth", "peer", "name", StormLab.interface, "netns", namespace)
        try await ip("addr", "add", "\(server)/\(prefixLength)", "dev", serverInterface)
        try await ip("link", "set", serverInterface, "up")
        try await ip("-n", namespace, "link", "set", "lo", "up")
        try await ip("-n", namespace, "addr", "add", "\(relay)/\(prefixLength)", "dev", StormLab.interface)
        try await ip("-n", namespace, "link", "set", StormLab.interface, "up")
    }

    /// Addresses at the load's end beside its own, first-last: sixteen clients to each make a thousand.
    let sources = "10.78.0.1-10.78.0.64"

    /// Has the load's end answer for `sources` as for its own address.
    func addSources() async throws {
        try await ip("-n", namespace, "route", "add", "local", "10.78.0.0/24", "dev", "lo")
    }

    /// The program as it is started at the load's end.
    func atLoad(_ program: String, _ arguments: [String], package: String? = nil) -> Program {
        Program("ip", ["netns", "exec", namespace, program] + arguments, package: package)
    }

    /// Gives the load's end one more address, that of a single node.
    func addAddress(_ address: IPv4Address) async throws {
        try await ip("-n", namespace, "addr", "add", "\(address)/32", "dev", StormLab.interface)
    }

    private func ip(_ arguments: String...) async throws {
        try await Program("ip", arguments, package: "iproute2").run()
    }
}
