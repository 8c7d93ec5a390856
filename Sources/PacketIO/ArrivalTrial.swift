/// Decides whether a thread that answers packets does better on the processor that they come in on.
///
/// A packet that arrives on one processor and wakes a thread on another costs an interrupt between the two, and so does
/// the answer's way back where both ends are on one host; under a hypervisor each is an exit from the guest. Whether
/// the thread's own processor is the dearer one is not told by any count, so it is tried: a move is kept for as long
/// as packets cost clearly less processor time by it and come about as fast.
struct ArrivalTrial: Sendable {
    /// What came of some packets.
    struct Period: Hashable, Sendable {
        var packets = 0
        /// How often the thread was woken for them.
        var wakes = 0
        /// Nanoseconds that the thread ran, and that went by.
        var processorTime: Int64 = 0
        var elapsed: Int64 = 0
        /// The processor that took in most packets meanwhile, of all traffic, beside the thread's own.
        var arrival: Int?

        /// Whether the thread had nothing else to do: it slept between one packet and the next.
        var isQuiet: Bool { wakes * 10 >= packets * 9 }
        var cost: Double { Double(processorTime) / Double(max(packets, 1)) }
        var pace: Double { Double(elapsed) / Double(max(packets, 1)) }
    }

    enum Advice: Hashable, Sendable {
        case stay
        case move(to: Int)
        /// Back to wherever the kernel likes.
        case release
    }

    private enum State {
        /// Periods to sit out before the next trial.
        case free(rest: Int)
        case tried(Period)
        /// For so many periods; then the other way is measured anew.
        case kept(Period, Int)
    }

    private var state = State.free(rest: 0)
    /// What a trial in vain costs, in periods of rest.
    private var rest = 1

    /// Whether the next period's `arrival` would be looked at: to learn it costs.
    var wantsArrival: Bool {
        if case .free(rest: 0) = state { true } else { false }
    }

    mutating func judge(_ period: Period) -> Advice {
        switch state {
        case .free(let left):
            guard period.isQuiet else { return .stay }
            guard left == 0 else {
                state = .free(rest: left - 1)
                return .stay
            }
            guard let arrival = period.arrival else {
                // They come in where the thread is.
                state = .free(rest: Self.shortRest)
                return .stay
            }
            state = .tried(period)
            return .move(to: arrival)
        case .tried(let before):
            guard period.isQuiet, period.cost <= 0.75 * before.cost, period.pace <= 1.1 * before.pace else {
                return giveUp()
            }
            state = .kept(before, Self.longestKept)
            rest = 1
            return .stay
        case .kept(let before, let left):
            // Not as strict as the trial: clients differ.
            guard left > 0, period.isQuiet, period.cost <= 0.9 * before.cost, period.pace <= 1.25 * before.pace else {
                state = .free(rest: 0)
                return .release
            }
            state = .kept(before, left - 1)
            return .stay
        }
    }

    /// Packets have stopped: whoever comes next is measured anew.
    mutating func interrupt() -> Advice {
        if case .free = state { return .stay }
        state = .free(rest: 0)
        return .release
    }

    /// The move was refused, or brought nothing: the next one waits twice as long as this one did.
    mutating func giveUp() -> Advice {
        state = .free(rest: rest)
        rest = min(2 * rest, Self.mostRest)
        return .release
    }

    private static let mostRest = 64
    private static let shortRest = 8
    private static let longestKept = 256
}
