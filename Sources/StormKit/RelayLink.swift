public import BootProtocols
import PacketIO

/// The fleet behind a relay agent: unicast both ways between port 67 of an address of ours, which stands in
/// `giaddr`, and the server (RFC 2131, 4.1). The cheapest way, and so the one that can offer most.
public struct RelayLink: ~Copyable {
    private let socket: UDPSocket
    private let server: IPv4Endpoint
    private let messages: MessageSet
    private var leaving: SendBatch
    private var arriving: ReceiveBatch

    /// - Parameters:
    ///   - relay: an address of `interface`, in a subnet that the server serves.
    ///   - interface: its name.
    public init(
        server: IPv4Address, relay: IPv4Address, interface: String, shape: ClientShape
    ) throws {
        let messages = try MessageSet(shape, broadcasts: false, hops: 1)
        let socket = try UDPSocket(.init(address: relay, port: 67, interface: interface, bufferSize: 16 << 20))
        self.messages = messages
        self.socket = socket
        self.server = IPv4Endpoint(server, port: 67)
        leaving = SendBatch(capacity: 256, datagramSize: 600)
        arriving = ReceiveBatch(capacity: 256, datagramSize: 1500)
    }
}

extension RelayLink: StormLink {
    func watch(with poller: borrowing Poller) throws(SystemError) { try poller.add(socket.descriptor, token: 0) }

    var room: Int { leaving.capacity }

    mutating func send(_ outgoing: [Fleet.Outgoing], of fleet: borrowing Fleet) throws(SystemError) -> Int {
        let relay = socket.local.address
        var taken = 0
        for message in outgoing {
            if leaving.isFull { taken += socket.send(&leaving) }
            let template = messages[message.kind]
            leaving.append(to: server) { buffer in
                template.write(.init(message, mac: fleet.mac(of: message.node), relay: relay), to: buffer)
            }
        }
        if leaving.count > 0 { taken += socket.send(&leaving) }
        return outgoing.count - taken
    }

    mutating func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(SystemError) -> Int {
        let count = try socket.receive(into: &arriving)
        arriving.forEachDatagram { _, bytes in bytes.withUnsafeBytes(body) }
        return count
    }

    /// The kernel answers for the relay's address, and nodes are not asked for.
    func attend(to fleet: borrowing Fleet) {}
}
