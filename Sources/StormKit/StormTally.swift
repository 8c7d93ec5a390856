/// What came of a storm so far.
public struct StormTally: Hashable, Sendable {
    /// Why an answer is wrong.
    public enum Fault: String, CaseIterable, Hashable, Sendable {
        case unreadable = "not a DHCP answer"
        case stranger = "to a MAC that is none of ours"
        case otherTransaction = "of a transaction that is not open"
        case refused = "DHCPNAK"
        case noAddress = "without address, server or lease time"
        case otherAddress = "ACK of another address than asked for"
        case noBootFile = "without a boot file, to a boot client"
    }

    /// Exchanges begun, ended by an ACK, and given up.
    public internal(set) var begun = 0
    public internal(set) var completed = 0
    public internal(set) var lost = 0
    /// Messages sent, repetitions among them.
    public internal(set) var sent = 0
    public internal(set) var repeated = 0
    /// Messages that the kernel did not take.
    public internal(set) var unsent = 0
    public internal(set) var answers = 0
    /// Answers to a repetition that the node needs no more.
    public internal(set) var late = 0
    public internal(set) var faults: [Fault: Int] = [:]
    /// Addresses acknowledged to a node while another held them.
    public internal(set) var givenTwice = 0
    /// DISCOVER to OFFER, last REQUEST to ACK, and the whole exchange from its first message.
    public internal(set) var offer = LatencyHistogram()
    public internal(set) var acknowledgement = LatencyHistogram()
    public internal(set) var exchange = LatencyHistogram()
    /// How late exchanges began, for want of processor time of the generator.
    public internal(set) var lag = LatencyHistogram()
    /// When the last ACK came, nanoseconds since the start.
    public internal(set) var lastCompletion: Int64 = 0

    public var wrong: Int { faults.values.reduce(0, +) }
}
