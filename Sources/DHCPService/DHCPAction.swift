public import BootMachine
public import BootProtocols
public import Registry

/// Which of the server's two ports a message came to, and an answer leaves from.
public enum DHCPPort: UInt16, Hashable, Sendable {
    /// The DHCP server's own (RFC 2131, 4.1).
    case server = 67
    /// The boot server's, "BINL" (PXE 2.1, 2.2.5): firmware that has its address asks there for its file.
    case bootServer = 4011
}

/// What the machine wants done, in this order.
public enum DHCPAction: Hashable, Sendable {
    /// Put the lease on stable storage. **Whatever follows in the same result waits for it** and is dropped if
    /// it fails: an ACK for a lease that a crash could forget is a lie.
    case commit(Lease)
    case send(DHCPReply)
    case record(BootEvent)
    /// This machine uses this address, which another DHCP server gave it.
    case observe(IPv4Address, MACAddress)
    /// Ask the server's own link by ARP whether somebody has this address (RFC 5227, 2.1.1), and tell `conflict` of
    /// whoever answers. Nothing waits for it: addresses are asked for ahead of being given.
    case probe(IPv4Address)
}

/// An answer and the way that it is to go.
public struct DHCPReply: Hashable, Sendable {
    /// How the client can be reached (RFC 2131, 4.1).
    public enum Destination: Hashable, Sendable {
        /// A frame to this MAC with this IP destination, port 68: the client has no address and answers no ARP.
        case link(MACAddress, IPv4Address)
        /// 255.255.255.255 port 68, on the server's interface.
        case broadcast
        /// An ordinary datagram: to a client with an address, or to a relay agent's port 67.
        case routed(IPv4Endpoint)
    }

    /// The UDP payload.
    public var bytes: [UInt8]
    public var destination: Destination
    /// The port it leaves from: iPXE and U-Boot take offers from 67 alone, proxy replies from 4011 alone.
    public var source: DHCPPort

    public init(bytes: [UInt8], destination: Destination, source: DHCPPort) {
        self.bytes = bytes
        self.destination = destination
        self.source = source
    }
}
