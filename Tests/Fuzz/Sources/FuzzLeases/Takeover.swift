import BootPolicy
import BootProtocols
import DHCPService
import FuzzHarness
import Registry

private let server = IPv4Address(value: 0x0a4d_0001)

/// A server that starts with these leases: a stranger is offered no address that a lease still holds, and a machine that
/// has a lease gets it back.
func checkPool(_ leases: [Lease], at now: Int64) {
    guard let subnet = IPv4Subnet(containing: server, prefixLength: 28) else { return }
    let settings = DHCPSettings(serverAddress: server, subnet: subnet, leaseSeconds: 60, httpPort: 8987)
    guard var machine = try? DHCPMachine(settings: settings, leases: leases, verdict: { _ in .unknown }) else {
        return require(false, "the leases are refused")
    }
    _ = machine.start(at: now)
    let held = leases.filter { $0.expires > now && subnet.hosts.contains($0.address) && $0.address != server }
    let stranger = MACAddress(value: 0x0200_0000_0099)
    if let offered = offer(to: stranger, by: &machine, at: now), !leases.contains(where: { $0.mac == stranger }) {
        require(!held.contains { $0.address == offered }, "\(offered) is leased and offered to another machine")
    }
    guard let lease = held.first, !lease.mac.isMulticast, lease.mac.value != 0 else { return }
    let again = offer(to: lease.mac, by: &machine, at: now)
    require(again == lease.address, "\(lease.mac) has \(lease.address) and is offered \(String(describing: again))")
}

private func offer(to mac: MACAddress, by machine: inout DHCPMachine, at now: Int64) -> IPv4Address? {
    var message = DHCPMessage(.request, transactionID: 1, mac: mac)
    message.options.messageType = .discover
    guard let bytes = try? message.encoded() else { return nil }
    for action in machine.receive(bytes, from: IPv4Endpoint(.any, port: 68), on: .server, at: now) {
        guard case .send(let reply) = action else { continue }
        return try? DHCPMessage(decoding: reply.bytes).yourAddress
    }
    return nil
}
