import PacketIO
import Synchronization

/// What waits for its leases to be on stable storage, between the thread that receives and the one that commits.
final class CommitQueue: Sendable {
    /// Leases that may wait: some seconds of any storm. A disk that is further behind is not waited for.
    static let limit = 65_536

    /// Wakes the thread that commits.
    let waker: Waker
    private let state = Mutex(State())

    private struct State {
        var batches: [DHCPBatch] = []
        var leases = 0
    }

    init(waker: Waker) { self.waker = waker }

    /// False, and nothing is added, if too much waits already.
    func add(_ batch: DHCPBatch) -> Bool {
        let wasEmpty = state.withLock { state -> Bool? in
            guard state.leases + batch.leases.count <= Self.limit else { return nil }
            defer {
                state.batches.append(batch)
                state.leases += batch.leases.count
            }
            return state.batches.isEmpty
        }
        // The other thread looks again before it sleeps: one wake is enough for all that it has not taken yet.
        if wasEmpty == true { waker.wake() }
        return wasEmpty != nil
    }

    /// All that waits, in the order in which it came.
    func takeAll() -> [DHCPBatch] {
        state.withLock { state in
            defer { state = State() }
            return state.batches
        }
    }
}
