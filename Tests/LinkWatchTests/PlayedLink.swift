import BootProtocols
import PacketCapture
import Synchronization
import Testing

@testable import LinkWatch

/// A watch whose frames, leases and clock the test plays.
final class PlayedLink {
    static let server = MACAddress(value: 0x5254_00aa_0001)
    static let node = MACAddress(value: 0x5254_0012_3456)
    static let stranger = MACAddress(value: 0x5254_0000_0009)
    static let own = IPv4Address(value: 0x0a4d_0001)
    static let foreign = IPv4Address(value: 0x0a4d_00fe)

    /// Milliseconds since 1970.
    var now: Int64 = 1_700_000_000_000
    var watch: LinkWatch

    init(
        leases: [IPv4Address: MACAddress] = [:],
        _ change: (inout LinkWatch.Settings) -> Void = { _ in }
    ) {
        var settings = LinkWatch.Settings(mac: Self.server, addresses: [Self.own])
        change(&settings)
        watch = LinkWatch(settings: settings) { address, _ in leases[address] }
    }

    @discardableResult
    func probe(_ address: IPv4Address) -> Bool { watch.probe(address, at: now) }

    func tick() -> [LinkWatch.Action] { watch.tick(at: now) }

    func receive(_ frame: [UInt8], isOutgoing: Bool = false) -> [LinkWatch.Action] {
        watch.receive(frame.span.bytes, length: frame.count, isOutgoing: isOutgoing, at: now * 1_000_000)
    }

    /// ARP in which `mac` says that `address` is its own.
    static func claim(
        _ address: IPv4Address, by mac: MACAddress, operation: ARPPacket.Operation = .reply
    ) -> [UInt8] {
        ARPPacket(
            operation: operation, senderMAC: mac, senderAddress: address, targetMAC: server, targetAddress: own
        ).frame(to: server)
    }

    /// A DHCP message in its frame.
    static func frame(
        _ operation: DHCPMessage.Operation, _ type: DHCPMessageType?, from mac: MACAddress, client: MACAddress = node,
        _ fill: (inout DHCPMessage) -> Void = { _ in }
    ) throws -> [UInt8] {
        var message = DHCPMessage(operation, transactionID: 7, mac: client)
        message.options.messageType = type
        fill(&message)
        let isReply = operation == .reply
        return try UDPFrame(
            from: IPv4Endpoint(isReply ? foreign : .any, port: isReply ? 67 : 68), at: mac,
            to: IPv4Endpoint(.broadcast, port: isReply ? 68 : 67), at: .broadcast, payload: message.encoded()
        ).bytes
    }

    /// An OFFER of another server.
    static func foreignOffer(
        _ yours: UInt32 = 0x0a4d_004d, server: IPv4Address = foreign, at mac: MACAddress = stranger,
        client: MACAddress = node
    ) throws -> [UInt8] {
        try frame(.reply, .offer, from: mac, client: client) { message in
            message.yourAddress = IPv4Address(value: yours)
            message.options.serverIdentifier = server
            message.bootFile = "pxelinux.0"
        }
    }
}
