/// An IPv4 address and a UDP or TCP port: one end of a conversation.
public struct IPv4Endpoint: Hashable, Sendable {
    public var address: IPv4Address
    /// Host order.
    public var port: UInt16

    public init(_ address: IPv4Address, port: UInt16) {
        self.address = address
        self.port = port
    }
}

extension IPv4Endpoint: CustomStringConvertible {
    /// `10.0.0.1:69`
    public var description: String { "\(address):\(port)" }
}
