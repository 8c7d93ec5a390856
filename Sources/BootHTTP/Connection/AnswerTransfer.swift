import PacketIO

/// An answer on its way, and how far it is.
struct AnswerTransfer: Sendable {
    /// How the request wants its answer.
    struct Form: Sendable {
        /// Without the body.
        var isHead: Bool
        var keepsAlive: Bool
        /// Milliseconds of the monotonic clock.
        var began: Int64

        /// The same, and the connection ends with it.
        var closing: Form { Form(isHead: isHead, keepsAlive: false, began: began) }
    }

    let answer: BootAnswer
    let form: Form
    /// Of the head, what has not been sent.
    var head: [UInt8]
    /// The part of a file that has not been sent; nil where the body is no file.
    var part: Range<Int>?
    /// It holds one of the places for transfers to agents.
    let hasPlace: Bool

    init(_ answer: BootAnswer, _ form: Form, head: AnswerHead, hasPlace: Bool) {
        self.answer = answer
        self.form = form
        self.head = head.bytes
        self.hasPlace = hasPlace
        if case .file(_, let part) = answer.body, !form.isHead { self.part = part }
    }

    /// Bytes of the body that were sent.
    var sent: Int {
        guard !form.isHead else { return 0 }
        return answer.length - (part?.count ?? 0)
    }
}
