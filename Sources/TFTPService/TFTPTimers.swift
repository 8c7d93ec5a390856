/// Deadlines of transfers, the earliest first: a binary heap with one entry for each.
///
/// A transfer that goes well moves its deadline with every packet. Its entry stays where it is and is moved when its
/// time has come, so that a packet costs no work here.
struct TFTPTimers: Sendable {
    struct Entry: Hashable, Sendable {
        /// Microseconds.
        var time: Int64
        var ports: TFTPMachine.Ports
    }

    private var heap: [Entry] = []

    var first: Entry? { heap.first }
    var count: Int { heap.count }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].time < heap[parent].time else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while let child = earlierChild(of: parent), heap[child].time < heap[parent].time {
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && heap[right].time < heap[left].time ? right : left
    }
}
