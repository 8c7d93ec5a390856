import Testing

@testable import PacketIO

@Suite struct ArrivalTrialTests {
    /// 128 packets, a wake for each: `cost` nanoseconds of processor time and `pace` nanoseconds of any for a packet.
    private func period(cost: Int64, pace: Int64 = 50_000, wakes: Int = 128, arrival: Int? = nil)
        -> ArrivalTrial.Period
    {
        ArrivalTrial.Period(
            packets: 128, wakes: wakes, processorTime: 128 * cost, elapsed: 128 * pace, arrival: arrival)
    }

    @Test func whatCostsLessIsKept() {
        var trial = ArrivalTrial()
        #expect(trial.judge(period(cost: 20_000, arrival: 3)) == .move(to: 3))
        #expect(!trial.wantsArrival)
        for _ in 0..<10 { #expect(trial.judge(period(cost: 8000, pace: 15_000)) == .stay) }
    }

    @Test func whatIsKeptIsTriedAnewFromTimeToTime() {
        var trial = ArrivalTrial()
        var isMoved = false
        var free = 0
        for _ in 0..<1000 {
            if !isMoved { free += 1 }
            switch trial.judge(period(cost: isMoved ? 8000 : 20_000, arrival: 3)) {
            case .move: isMoved = true
            case .release: isMoved = false
            case .stay: break
            }
        }
        #expect((2...5).contains(free))
    }

    @Test func whatCostsAsMuchIsGivenUp() {
        var trial = ArrivalTrial()
        #expect(trial.judge(period(cost: 20_000, arrival: 3)) == .move(to: 3))
        #expect(trial.judge(period(cost: 16_000)) == .release)
    }

    @Test func whatMakesPacketsWaitIsGivenUp() {
        var trial = ArrivalTrial()
        #expect(trial.judge(period(cost: 20_000, arrival: 3)) == .move(to: 3))
        #expect(trial.judge(period(cost: 8000, pace: 60_000)) == .release)
    }

    @Test func aTrialInVainIsRepeatedLessAndLess() {
        var trial = ArrivalTrial()
        var rests: [Int] = []
        for _ in 0..<9 {
            var rest = 0
            while trial.judge(period(cost: 20_000, arrival: 1)) == .stay { rest += 1 }
            rests.append(rest)
            #expect(trial.judge(period(cost: 20_000)) == .release)
        }
        #expect(rests == [0, 1, 2, 4, 8, 16, 32, 64, 64])
    }

    @Test func successMakesTheNextTrialEarly() {
        var trial = ArrivalTrial()
        for _ in 0..<6 {
            while trial.judge(period(cost: 20_000, arrival: 1)) == .stay {}
            _ = trial.judge(period(cost: 20_000))
        }
        while trial.judge(period(cost: 20_000, arrival: 1)) == .stay {}
        #expect(trial.judge(period(cost: 8000)) == .stay)
        // The packets come in elsewhere from now on.
        #expect(trial.judge(period(cost: 25_000)) == .release)
        #expect(trial.wantsArrival)
        #expect(trial.judge(period(cost: 20_000, arrival: 2)) == .move(to: 2))
    }

    @Test(arguments: [0, 1]) func aBusyThreadGoesWhereTheKernelLikes(kept: Int) {
        var trial = ArrivalTrial()
        #expect(trial.judge(period(cost: 20_000, arrival: 3)) == .move(to: 3))
        for _ in 0..<kept { #expect(trial.judge(period(cost: 8000)) == .stay) }
        #expect(trial.judge(period(cost: 2000, pace: 2000, wakes: 20)) == .release)
        for _ in 0..<100 {
            #expect(trial.judge(period(cost: 2000, pace: 2000, wakes: 20, arrival: 3)) == .stay)
        }
    }

    @Test func whoeverComesAfterAPauseIsMeasuredAnew() {
        var trial = ArrivalTrial()
        #expect(trial.interrupt() == .stay)
        #expect(trial.judge(period(cost: 20_000, arrival: 3)) == .move(to: 3))
        #expect(trial.interrupt() == .release)
        #expect(trial.judge(period(cost: 30_000, arrival: 3)) == .move(to: 3))
        #expect(trial.judge(period(cost: 20_000)) == .stay)
        #expect(trial.interrupt() == .release)
    }

    @Test func packetsThatComeInHereMoveNothing() {
        var trial = ArrivalTrial()
        var looks = 0
        for _ in 0..<90 {
            if trial.wantsArrival { looks += 1 }
            #expect(trial.judge(period(cost: 20_000)) == .stay)
        }
        #expect(looks == 10)
    }
}
