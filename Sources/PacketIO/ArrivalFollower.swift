internal import CLinux

/// Keeps a loop's thread on the processor that its packets come in on, where that is cheaper (`ArrivalTrial`).
/// Used on that thread alone. What the kernel refuses here is left as it was: it is a matter of speed only.
public struct ArrivalFollower: Sendable {
    private var trial = ArrivalTrial()
    private var period = ArrivalTrial.Period()
    private var began: Reading
    private var lastPacket: Int64
    private var counts: SoftnetCounts?
    /// Where the thread may run; nil: that cannot be told.
    private let home: perseid_processors?

    /// The one processor that the thread is held to.
    private var held: UInt32?

    private struct Reading {
        var processorTime = threadNanoseconds()
        var moment = monotonicMicroseconds()
    }

    public init() {
        var home = perseid_processors()
        self.home = perseid_get_processors(&home) == 0 ? home : nil
        began = Reading()
        lastPacket = began.moment
    }

    /// The thread was woken, and found so many packets.
    public mutating func note(packets count: Int) {
        guard count > 0 else { return }
        let now = monotonicMicroseconds()
        // A client that pauses, or the next one, says nothing of what its packets cost.
        if now - lastPacket > Self.longestPause {
            follow(trial.interrupt())
            begin()
        }
        lastPacket = now
        period.packets += count
        period.wakes += 1
        // In the second half: where packets come now and then, none is read.
        if counts == nil, period.packets >= Self.enough / 2, trial.wantsArrival, period.isQuiet { look() }
        if period.packets >= Self.enough { judge() }
    }

    /// Carries out what may start threads: each would be held to the processor of the one that starts it.
    public func apart<Value, Problem>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value {
        guard let held, var home else { return try body() }
        perseid_set_processors(&home)
        defer { _ = perseid_set_processor(held) }
        return try body()
    }

    private mutating func look() {
        let before = Reading()
        counts = SoftnetCounts()
        let after = Reading()
        // What the look cost, packets did not.
        began.processorTime += after.processorTime - before.processorTime
        began.moment += after.moment - before.moment
    }

    private mutating func judge() {
        let end = Reading()
        period.processorTime = end.processorTime - began.processorTime
        period.elapsed = (end.moment - began.moment) * 1000
        if let counts, period.isQuiet {
            period.arrival = SoftnetCounts()?.busiest(
                since: counts, except: Int(perseid_current_processor()), least: Self.enough / 4)
        }
        follow(trial.judge(period))
        begin()
    }

    mutating func follow(_ advice: ArrivalTrial.Advice) {
        switch advice {
        case .stay: break
        case .move(let processor):
            guard home != nil, let number = UInt32(exactly: processor), perseid_set_processor(number) == 0 else {
                _ = trial.giveUp()
                return
            }
            held = number
        case .release:
            if var home { perseid_set_processors(&home) }
            held = nil
        }
    }

    private mutating func begin() {
        period = ArrivalTrial.Period()
        counts = nil
        began = Reading()
    }

    /// Packets after which it looks: a small boot program has five times as many.
    private static let enough = 128
    /// Microseconds.
    private static let longestPause: Int64 = 100_000
}
