package import BootMachine

/// What is still to be told to the server: nothing that matters is lost while it is away, and progress never floods
/// it.
package struct ReportQueue: Sendable {
    /// Least time between two sendings that have only transient reports in them, in milliseconds.
    package static let transientInterval: Int64 = 500
    /// Most reports that wait. Beyond it the oldest go: a node cut off for days must not fill its memory.
    package static let limit = 256

    /// Most reports in one request: the server takes no more than 64.
    package static let batchLimit = 32

    private struct Entry: Sendable {
        var report: AgentReport
        /// Worth nothing once a newer one of its kind is there.
        var isTransient: Bool
    }

    private var entries: [Entry] = []
    private var lastSent: Int64?
    private var retryAt: Int64 = 0
    private var backoff = Backoff(first: 1_000, limit: 15_000)

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }
    package var waiting: [AgentReport] { entries.map(\.report) }
    /// Sendings that failed since the last one that did not.
    package var failures: Int { backoff.failures }

    /// Adds a report. A transient one, such as a percentage, takes the place of the one before it.
    package mutating func add(_ report: AgentReport, transient: Bool = false) {
        if transient, let last = entries.last, last.isTransient, last.report.kind == report.kind {
            entries.removeLast()
        }
        // The same failure again and again is one thing to tell.
        if report.kind == .failed, entries.last?.report == report { return }
        if entries.count >= Self.limit { entries.removeFirst() }
        entries.append(Entry(report: report, isTransient: transient))
    }

    /// What to send at `now` (milliseconds) in one request, if anything is due.
    /// - Parameter urgently: whatever waits is due, pauses or not.
    package func due(at now: Int64, urgently: Bool = false) -> [AgentReport]? {
        guard !entries.isEmpty else { return nil }
        if !urgently {
            guard now >= retryAt else { return nil }
            let isSoon = lastSent.map { now - $0 < Self.transientInterval } ?? false
            if isSoon, entries.allSatisfy(\.isTransient) { return nil }
        }
        return Array(waiting.prefix(Self.batchLimit))
    }

    /// The first `count` reports are done with: they arrived, or the server will never take them.
    package mutating func sent(_ count: Int, at now: Int64) {
        entries.removeFirst(min(count, entries.count))
        lastSent = now
        backoff.reset()
        retryAt = 0
    }

    /// They did not; they are kept, and not tried again for a while.
    package mutating func failed(at now: Int64, spread: Double) {
        retryAt = now + backoff.next(spread: spread)
    }

    /// A failure that could not be told in time must not look like one of now.
    package mutating func turnFailuresIntoHistory() {
        for index in entries.indices where entries[index].report.kind == .failed {
            entries[index].report.kind = .progress
            entries[index].report.detail = "earlier: \(entries[index].report.detail)"
        }
    }
}
