/// A DHCPv4 message between an Ethernet client and a server (RFC 2131, 2; the fixed fields are RFC 951's).
public struct DHCPMessage: Hashable, Sendable {
    /// The field `op`.
    public enum Operation: UInt8, Hashable, Sendable {
        case request = 1
        case reply = 2
    }

    /// Bytes up to and with the magic cookie.
    public static let fixedSize = 240
    /// Bytes below which some relays and ROMs drop a message (RFC 1542, 2.1).
    public static let minimumSize = 300
    /// Bytes above which `init(decoding:)` refuses a message. Clients on Ethernet send at most 1,472.
    public static let maximumSize = 4096

    public var operation: Operation
    /// Relay agents that the message passed.
    public var hops: UInt8 = 0
    /// Chosen by the client, the same through one conversation.
    public var transactionID: UInt32
    /// Seconds since the client began, by the specification. iPXE puts other things here: never
    /// reckon with it.
    public var secs: UInt16 = 0
    /// Bit 15 is the only one assigned.
    public var flags: UInt16 = 0
    /// `ciaddr`: the address that the client has and answers ARP for.
    public var clientAddress: IPv4Address = .any
    /// `yiaddr`: the address that the client gets.
    public var yourAddress: IPv4Address = .any
    /// `siaddr`: the server that has the boot file.
    public var nextServer: IPv4Address = .any
    /// `giaddr`: the relay agent that forwarded the request, in the client's subnet.
    public var relayAddress: IPv4Address = .any
    /// `chaddr`
    public var mac: MACAddress
    /// `sname`, empty if the field held options; at most 63 bytes of UTF-8.
    public var serverName = ""
    /// `file`, empty if the field held options; at most 127 bytes of UTF-8.
    public var bootFile = ""
    public var options = DHCPOptions()

    /// A message with nothing in it but who sends it.
    public init(_ operation: Operation, transactionID: UInt32, mac: MACAddress) {
        self.operation = operation
        self.transactionID = transactionID
        self.mac = mac
    }

    /// The client cannot take unicast before it has its address (RFC 2131, 4.1).
    public var wantsBroadcast: Bool {
        get { flags & 0x8000 != 0 }
        set { flags = newValue ? flags | 0x8000 : flags & 0x7fff }
    }
}
