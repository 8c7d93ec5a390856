/// Keeps strangers from filling the registry: a MAC costs its sender nothing, an event costs the disk.
///
/// Events of machines that are nodes are never held back.
struct EventBudget {
    /// Events at once, and again after a minute of rest.
    private static let size: Int64 = 256
    /// Milliseconds for one event.
    private static let pace: Int64 = 60_000 / size
    /// When the budget is full again; milliseconds since 1970.
    private var fullAt: Int64 = .min

    /// Whether one more event of a stranger may be recorded.
    mutating func take(at now: Int64) -> Bool {
        let start = max(fullAt, now)
        // A clock that was set back must not close the budget for good.
        guard start - now <= Self.pace * (Self.size - 1) else {
            if start - now > 60_000 { fullAt = now }
            return false
        }
        fullAt = start + Self.pace
        return true
    }
}
