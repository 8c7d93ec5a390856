import BootPolicy
import BootProtocols
import FuzzHarness

@testable import DHCPService

/// A server of three subnets, with machines that are told by the port that they are plugged into.
struct RelayedNetwork {
    private static let server = IPv4Address(value: 0x0a4d_0001)
    private let subnets: [IPv4Subnet]
    let machine: DHCPMachine?

    init() {
        subnets = (0..<3).compactMap { number in
            IPv4Subnet(containing: IPv4Address(value: 0x0a4d_0001 | number << 8), prefixLength: 27)
        }
        var settings = DHCPSettings(
            serverAddress: Self.server, subnet: subnets[0], leaseSeconds: 60, httpPort: 8987)
        settings.subnets = subnets.dropFirst().map { subnet in
            let first = subnet.hosts.lowerBound
            return DHCPSubnet(
                subnet, pools: [DHCPPool(IPv4Address(value: first.value + 8)...subnet.hosts.upperBound)], router: first)
        }
        settings.reservations = [
            DHCPReservation(
                .circuit(id: Array("port-1".utf8), remote: nil), address: IPv4Address(value: 0x0a4d_0104), origin: "1"),
            DHCPReservation(
                .circuit(id: Array("port-2".utf8), remote: Array("port-3".utf8)), hostName: "both", origin: "2"),
        ]
        machine = try? DHCPMachine(settings: settings, leases: []) { _ in .known(name: "n") }
    }

    /// The answer goes back by the relay with what it sent, and its address is of the subnet that was asked for.
    func check(_ reply: DHCPReply, to request: RelayedMessage) {
        guard let message = try? DHCPMessage(decoding: reply.bytes) else {
            return require(false, "an answer that does not read")
        }
        let relay = request.message.relayAddress
        let information = request.relayInformation
        require(message.options.relayAgentInformation.map(Array.init) == information, "option 82 comes back otherwise")
        if let information { require(endsWith(information, reply.bytes), "option 82 is not the last one") }
        require(message.relayAddress == relay, "giaddr \(message.relayAddress)")
        let override = information.flatMap { RelayedMessage.subOption(11, of: 4, in: $0) }.flatMap {
            IPv4Address(octets: $0)
        }
        let identifier = relay == .any ? Self.server : override ?? Self.server
        require(message.options.serverIdentifier == identifier, "an answer by \(identifier) without its name")
        guard relay != .any else { return }
        let usesSource = information.flatMap { RelayedMessage.subOption(19, in: $0) } != nil
        let port = usesSource && request.source.port != 0 ? request.source.port : 67
        require(reply.destination == .routed(IPv4Endpoint(relay, port: port)), "an answer to \(reply.destination)")
        guard message.yourAddress != .any else { return }
        let link = information.flatMap { RelayedMessage.subOption(5, of: 4, in: $0) }.flatMap {
            IPv4Address(octets: $0)
        }
        let asked = link ?? request.message.options.subnetSelection ?? relay
        let subnet = subnets.first { $0.contains(asked) }
        // Who is told by its port keeps the address that is reserved for that.
        let isReserved = message.yourAddress == IPv4Address(value: 0x0a4d_0104)
        require(
            isReserved || subnet?.contains(message.yourAddress) == true,
            "\(message.yourAddress) for who asks for the subnet of \(asked)")
    }

    /// 82 and its length before it, END behind it, and padding.
    private func endsWith(_ information: [UInt8], _ bytes: [UInt8]) -> Bool {
        var end = bytes.count
        while end > 0, bytes[end - 1] == 0 { end -= 1 }
        // The last bytes of option 82 may be zeros themselves, but END is not.
        guard end > 0, bytes[end - 1] == 255 else { return false }
        let whole = [82, UInt8(information.count)] + information + [255]
        return bytes.prefix(end).suffix(whole.count).elementsEqual(whole)
    }
}
