internal import Synchronization

/// How much memory is taken, from the agent's start on: the figure that assembling is held to.
package final class MemoryWatch: Sendable {
    /// When the agent started, in bytes.
    package let atStart: Int64
    private let highest: Mutex<Int64>
    private let read: @Sendable () -> MemoryInfo?

    package init(reading read: @escaping @Sendable () -> MemoryInfo? = { MemoryInfo.now() }) {
        self.read = read
        atStart = read()?.usedBytes ?? 0
        highest = Mutex(atStart)
    }

    /// Looks now. Called after every range that was written.
    package func sample() {
        guard let used = read()?.usedBytes else { return }
        highest.withLock { $0 = max($0, used) }
    }

    /// The highest figure seen.
    package var peak: Int64 { highest.withLock { $0 } }
}
