/// Deadlines of many nodes, kept in slots of time: setting one and taking those that are due costs the same however
/// many wait. A node that no longer waits is not taken out; whoever takes an entry asks the node.
struct TimerWheel {
    struct Entry: Hashable {
        var node: Int
        /// Nanoseconds since the start of the run.
        var deadline: Int64
    }

    private static let slotCount = 1024
    private let slotLength: Int64
    private var slots: [[Entry]]
    /// All slots before this one are empty of entries that are due.
    private var reached: Int64 = 0
    private(set) var count = 0

    /// - Parameter slotLength: nanoseconds; an entry comes at most this much late.
    init(slotLength: Int64 = 2_000_000) {
        self.slotLength = max(1, slotLength)
        slots = Array(repeating: [], count: Self.slotCount)
    }

    mutating func set(_ entry: Entry) {
        let slot = max(entry.deadline / slotLength, reached)
        slots[Int(slot % Int64(Self.slotCount))].append(entry)
        count += 1
    }

    /// Takes all entries whose slot has passed.
    mutating func takeDue(at now: Int64, _ body: (Entry) -> Void) {
        let end = now / slotLength
        guard end > reached, count > 0 else {
            reached = max(reached, end)
            return
        }
        // After a pause longer than the wheel each slot is visited once.
        let first = max(reached, end - Int64(Self.slotCount))
        reached = end
        for slot in first..<end { take(slot, before: end * slotLength, body) }
    }

    private mutating func take(_ slot: Int64, before time: Int64, _ body: (Entry) -> Void) {
        let index = Int(slot % Int64(Self.slotCount))
        guard !slots[index].isEmpty else { return }
        var later = 0
        let entries = slots[index]
        for entry in entries {
            if entry.deadline < time {
                body(entry)
            } else {
                slots[index][later] = entry
                later += 1
            }
        }
        slots[index].removeLast(slots[index].count - later)
        count -= entries.count - later
    }
}
