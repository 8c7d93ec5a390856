import PacketIO

/// An answer on its way, and how far it is. Used on its connection's loop alone.
final class AnswerTransfer {
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
    /// Which it keeps to: the server's, the node's.
    let paces: [StreamPace]
    /// Bytes of it that the paces have let through and that have not been sent; without a pace it means nothing.
    var granted = 0
    /// It holds one of the places for transfers to agents.
    let hasPlace: Bool

    /// - Parameter pace: of the server.
    init(_ answer: BootAnswer, _ form: Form, head: [UInt8], hasPlace: Bool, under pace: StreamPace?) {
        self.answer = answer
        self.form = form
        self.head = head
        self.hasPlace = hasPlace
        if case .file(_, let part) = answer.body, !form.isHead { self.part = part }
        // Only what comes out of bundles counts for the server's.
        let isStream = if case .bundle = answer.account { true } else { false }
        paces = [isStream ? pace : nil, answer.pace].compactMap(\.self)
    }

    /// What is next of the part: at most `most` bytes, and no more than the paces have let through.
    func next(_ most: Int) -> Range<Int>? {
        part?.prefix(paces.isEmpty ? most : max(0, min(most, granted)))
    }

    /// Asks the paces for the next slice where the last one is sent.
    /// - Parameter now: milliseconds of the monotonic clock, asked for where there is a pace.
    /// - Returns: how long to wait for it, in milliseconds; nil to go on.
    func admit(at now: @autoclosure () -> Int64) -> Int64? {
        guard !paces.isEmpty, granted <= 0, let part, let slice = paces.map(\.slice).min() else { return nil }
        granted = min(slice, part.count)
        let now = now()
        let pause = paces.reduce(0) { max($0, $1.take(granted, at: now)) }
        return pause > 0 ? pause : nil
    }

    /// Bytes of the body that were sent.
    var sent: Int {
        guard !form.isHead else { return 0 }
        return answer.length - (part?.count ?? 0)
    }
}
