/// What policy says of a machine when it asks for an address.
public enum NodeVerdict: Hashable, Sendable {
    /// A node that is enabled. Its name becomes the host name in replies.
    case known(name: String)
    /// A machine that nobody has named and that policy lets in.
    case unknown
    /// A node that is disabled, or a machine that policy keeps out: its boot programs get no answer. An
    /// operating system on it still gets an address, as anything on the network does.
    case ignored(reason: String)
}
