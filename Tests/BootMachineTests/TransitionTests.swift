import BootMachine
import Testing

@Suite struct TransitionTests {
    /// A whole boot, step by step.
    @Test func aBootRunsThroughItsStates() throws {
        let events: [(BootEvent.Kind, NodeState)] = [
            (.discovered, .registered), (.offered, .netboot), (.leased, .netboot), (.fileSent, .netboot),
            (.scriptSent, .loader), (.fileSent, .loader), (.checkedIn, .`init`), (.progress, .provisioning),
            (.checkedIn, .`init`), (.progress, .provisioning), (.handingOff, .handoff), (.leased, .handoff),
            (.ready, .ready), (.heartbeat, .ready), (.heartbeatMissed, .silent), (.heartbeat, .ready),
        ]
        var state = NodeState.registered
        for (event, expected) in events {
            state = Transition.next(from: state, on: event) ?? state
            #expect(state == expected, "after \(event)")
        }
    }

    @Test(arguments: NodeState.allCases)
    func aDiscoverLeadsToTheBeginningFromEveryState(state: NodeState) {
        let next = Transition.next(from: state, on: .discovered)
        #expect(next == (state == .new ? .new : .registered))
    }

    @Test(arguments: BootEvent.Kind.allCases)
    func whatIsNotInTheTableChangesNothing(kind: BootEvent.Kind) {
        // `ready` is left by a new boot or by silence alone.
        let leaving: Set<BootEvent.Kind> = [.discovered, .heartbeatMissed]
        let next = Transition.next(from: .ready, on: kind)
        if leaving.contains(kind) {
            #expect(next != nil && next != .ready)
        } else {
            #expect(next == nil || next == .ready)
        }
    }

    /// Whatever came before, a machine that is switched on gets to ready.
    @Test func noSequenceOfEventsLocksANodeOut() {
        var generator = SplitMix(state: 7)
        for _ in 0..<2_000 {
            var state = NodeState.registered
            for _ in 0..<20 {
                let kind = BootEvent.Kind.allCases[Int(generator.next() % UInt64(BootEvent.Kind.allCases.count))]
                state = Transition.next(from: state, on: kind) ?? state
            }
            for kind: BootEvent.Kind in [
                .discovered, .offered, .scriptSent, .checkedIn, .progress, .handingOff, .ready,
            ] {
                state = Transition.next(from: state, on: kind) ?? state
            }
            #expect(state == .ready)
        }
    }

    @Test func onlyWhatRunsOnIsTimed() {
        #expect(NodeState.allCases.filter { Transition.limit(of: $0) == nil } == [.new, .registered, .silent, .failed])
        #expect(Transition.timeout(in: .ready) == .heartbeatMissed)
        #expect(Transition.timeout(in: .provisioning) == .timedOut)
    }
}

/// A seeded generator: the same sequences in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
