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
    /// Bytes of it that the server's pace has let through and that have not been sent; without a pace it means nothing.
    var granted = 0
    /// It holds one of the places for transfers to agents.
    let hasPlace: Bool

    init(_ answer: BootAnswer, _ form: Form, head: AnswerHead, hasPlace: Bool) {
        self.answer = answer
        self.form = form
        self.head = head.bytes
        self.hasPlace = hasPlace
        if case .file(_, let part) = answer.body, !form.isHead { self.part = part }
    }

    /// Whether its bytes count for the server's pace.
    var isStream: Bool {
        if case .bundle = answer.account { true } else { false }
    }

    /// What is next of the part: at most `most` bytes, and no more than `pace` has let through.
    func next(_ most: Int, under pace: StreamPace?) -> Range<Int>? {
        part?.prefix(pace != nil && isStream ? max(0, min(most, granted)) : most)
    }

    /// Bytes of the body that were sent.
    var sent: Int {
        guard !form.isHead else { return 0 }
        return answer.length - (part?.count ?? 0)
    }
}
