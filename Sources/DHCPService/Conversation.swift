import BootProtocols

/// What is remembered of a machine's last exchange, to tell which program of its boot is asking.
///
/// The rule: a message belongs to the conversation whose transaction ID it has; but a DISCOVER after that
/// conversation was acknowledged opens a new one, since old ROMs make the ID from their MAC, the same at each
/// stage. Any other message opens a new conversation too. A new conversation is a chained loader's if this machine was acknowledged
/// a loader within the last two minutes; else it is what the machine has in its firmware. Only iPXE needs the
/// rule: an iPXE in ROM and one that was chained send the same options. If a machine with such a ROM is switched
/// off and on within the two minutes after it was given a loader, its ROM is taken for that loader: it boots
/// all the same, and the boot counts to the attempt before.
struct Conversation: Hashable {
    var transactionID: UInt32
    /// Milliseconds since 1970, of its first message.
    var began: Int64
    /// By the rule above.
    var isChained: Bool
    var isAcknowledged = false
    var wasOfferRecorded = false
    /// When this machine was last acknowledged a loader, in this conversation or one before.
    var loaderGiven: Int64?
}

extension Conversation {
    /// Milliseconds for which a conversation goes on, and after which no loader is still on its way.
    static let window: Int64 = 120_000

    /// The conversation that a message belongs to, and whether the message opens it.
    /// - Parameter last: the one before of this machine.
    static func of(_ message: DHCPMessage, after last: Conversation?, at now: Int64) -> (Conversation, isNew: Bool) {
        if let last, last.transactionID == message.transactionID, now - last.began < window,
            !(last.isAcknowledged && message.options.messageType == .discover)
        {
            return (last, false)
        }
        let loaderGiven = last?.loaderGiven.flatMap { now - $0 < window ? $0 : nil }
        let conversation = Conversation(
            transactionID: message.transactionID, began: now, isChained: loaderGiven != nil, loaderGiven: loaderGiven)
        return (conversation, true)
    }
}
