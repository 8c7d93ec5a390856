import BootProtocols

/// Keeps whoever asks without pause from being answered without pause: a few answers per machine and second.
struct AnswerLimit {
    /// iPXE asks at 0, 0.25, 0.75 s and more slowly then: it never meets this.
    private static let answersPerSecond = 4
    /// Machines that are answered within one second; beyond it they ask again in the next.
    private static let machines = 4096
    /// Milliseconds.
    private static let span: Int64 = 1000
    private var began: Int64 = .min
    private var answers: [MACAddress: Int] = [:]

    /// Whether `mac` may have one more answer. `now` is of a clock that does not step, in milliseconds.
    mutating func take(_ mac: MACAddress, at now: Int64) -> Bool {
        if now / Self.span != began {
            began = now / Self.span
            answers.removeAll(keepingCapacity: true)
        }
        let count = answers[mac, default: 0]
        guard count < Self.answersPerSecond, count > 0 || answers.count < Self.machines else { return false }
        answers[mac] = count + 1
        return true
    }
}
