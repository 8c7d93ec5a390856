package import BootMachine
package import PacketIO
internal import Synchronization

/// A sync under way on a thread of its own: the node goes on telling that it runs, however long it takes.
package final class BackgroundSync: Sendable {
    /// What runs on the thread: does some work, and says how far it is.
    package typealias Body =
        @Sendable (_ work: AgentWork, _ tell: (SyncProgress) -> Void) throws(StepFailure) -> SyncOutcome

    private struct State {
        var progress: SyncProgress?
        var lasting: [SyncProgress] = []
        var told: SyncProgress?
        var result: Result<SyncOutcome, StepFailure>?
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
        let result: Result<SyncOutcome, StepFailure>
        do throws(StepFailure) {
            result = .success(
                try body(work) { progress in
                    state.withLock { state in
                        if progress.isLasting { state.lasting.append(progress) } else { state.progress = progress }
                    }
                })
        } catch {
            result = .failure(error)
        }
        state.withLock { $0.result = result }
    }

    /// How far it is, if that is news since the last call.
    package func takeProgress() -> SyncProgress? {
        state.withLock { state in
            guard state.progress != state.told else { return nil }
            state.told = state.progress
            return state.progress
        }
    }

    /// What happened since the last call that is worth keeping.
    package func takeLasting() -> [SyncProgress] {
        state.withLock { state in
            defer { state.lasting = [] }
            return state.lasting
        }
    }

    /// What came of it; nil as long as it goes on.
    package var result: Result<SyncOutcome, StepFailure>? { state.withLock { $0.result } }
}
