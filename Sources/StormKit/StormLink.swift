import BootProtocols
import PacketIO

/// How a fleet's messages reach the server, and its answers the fleet.
protocol StormLink: ~Copyable {
    /// Becomes readable when an answer waits.
    func watch(with poller: borrowing Poller) throws(SystemError)
    /// Messages that it takes at once.
    var room: Int { get }
    /// Gives how many of the messages the kernel did not take.
    mutating func send(_ messages: [Fleet.Outgoing], of fleet: borrowing Fleet) throws(SystemError) -> Int
    /// Hands over the payloads that wait, up to a batch; gives their number.
    mutating func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) -> Int
    /// Does for the nodes what is no message of theirs, after each `receive`.
    mutating func attend(to fleet: borrowing Fleet) throws(SystemError)
}

/// The messages of one shape, encoded.
struct MessageSet {
    let discover: MessageTemplate
    let request: MessageTemplate
    let renewal: MessageTemplate

    init(_ shape: ClientShape, broadcasts: Bool, hops: UInt8) throws(DHCPError) {
        var discover = shape.message(.discover)
        var renewal = shape.message(.request)
        discover.hops = hops
        renewal.hops = hops
        discover.wantsBroadcast = broadcasts
        var request = renewal
        request.wantsBroadcast = broadcasts
        request.options[.requestedAddress] = [0, 0, 0, 0]
        request.options[.serverIdentifier] = [0, 0, 0, 0]
        self.discover = try MessageTemplate(discover)
        self.request = try MessageTemplate(request)
        self.renewal = try MessageTemplate(renewal)
    }

    subscript(kind: Fleet.Outgoing.Kind) -> MessageTemplate {
        switch kind {
        case .discover: discover
        case .request: request
        case .renewal, .rebinding: renewal
        }
    }
}

extension MessageTemplate.Values {
    init(_ message: Fleet.Outgoing, mac: UInt64, relay: IPv4Address) {
        self.init(transactionID: message.transactionID, mac: mac, relayAddress: relay.value)
        switch message.kind {
        case .discover: break
        case .request:
            requestedAddress = message.address
            server = message.server
        case .renewal, .rebinding: clientAddress = message.address
        }
    }
}
