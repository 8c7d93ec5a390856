package import BootMachine
package import PacketIO
internal import Synchronization

/// A sync under way on a thread of its own: the node goes on telling that it runs, however long it takes.
package final class BackgroundSync: Sendable {
    /// What runs on the thread: moves to the files of a generation, `compute@8`, and says how far it is.
    package typealias Body =
        @Sendable (_ capsule: String, _ tell: (LiveSync.Progress) -> Void) throws(StepFailure) -> LiveSync.Outcome

    private struct State {
        var progress: LiveSync.Progress?
        var told: LiveSync.Progress?
        var result: Result<LiveSync.Outcome, StepFailure>?
    }

    package let work: AgentWork
    private let state = Mutex(State())

    private init(_ work: AgentWork) {
        self.work = work
    }

    /// Runs `body` for `work` on a new thread.
    package static func start(_ work: AgentWork, _ body: @escaping Body) throws(SystemError) -> BackgroundSync {
        let sync = BackgroundSync(work)
        // Nobody waits for the thread; `result` says when it is done.
        _ = try LoopThread(name: "livesync", waker: Waker()) { sync.run(body) }
        return sync
    }

    private func run(_ body: Body) {
        let result: Result<LiveSync.Outcome, StepFailure>
        do throws(StepFailure) {
            result = .success(
                try body(work.livesync) { progress in state.withLock { $0.progress = progress } })
        } catch {
            result = .failure(error)
        }
        state.withLock { $0.result = result }
    }

    /// How far it is, if that is news since the last call.
    package func takeProgress() -> LiveSync.Progress? {
        state.withLock { state in
            guard state.progress != state.told else { return nil }
            state.told = state.progress
            return state.progress
        }
    }

    /// What came of it; nil as long as it goes on.
    package var result: Result<LiveSync.Outcome, StepFailure>? { state.withLock { $0.result } }
}
