internal import Dispatch
internal import Synchronization

/// Two pieces of work at the same time, on this thread and on another.
enum Together {
    /// Returns when both are done. It blocks: for work that computes, not for what waits.
    static func run<First: Sendable, Second: Sendable>(
        _ first: @Sendable () -> First, and second: @Sendable () -> Second
    ) -> (First, Second) {
        let results = Mutex<(First?, Second?)>((nil, nil))
        DispatchQueue.concurrentPerform(iterations: 2) { part in
            if part == 0 {
                let result = first()
                results.withLock { $0.0 = result }
            } else {
                let result = second()
                results.withLock { $0.1 = result }
            }
        }
        let (one, two) = results.withLock { $0 }
        // Both are there: this says so to the compiler, at no cost.
        return (one ?? first(), two ?? second())
    }
}
