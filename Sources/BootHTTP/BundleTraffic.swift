import Synchronization

/// Counts what each running attempt was sent out of bundles, for its timeline.
final class BundleTraffic: Sendable {
    struct Sum {
        var bytes: Int64 = 0
        var requests = 0

        fileprivate mutating func add(_ count: Int) {
            bytes += Int64(count)
            requests += 1
        }
    }

    private let sums = Mutex<[Int64: Sum]>([:])
    /// Attempts that never came to their handoff leave their sum behind; beyond this many all are dropped.
    private static let capacity = 16_384

    func add(_ bytes: Int, of attempt: Int64) {
        sums.withLock { sums in
            if sums.count >= Self.capacity { sums.removeAll() }
            sums[attempt, default: Sum()].add(bytes)
        }
    }

    func take(_ attempt: Int64) -> Sum? {
        sums.withLock { $0.removeValue(forKey: attempt) }
    }
}
