import BootProtocols

/// Addresses by the time when each is free again, the earliest first: a binary heap.
///
/// Entries are never looked for and taken out when an address is held on; the pool knows an outdated entry by
/// its time and passes over it.
struct ExpiryQueue {
    struct Entry: Hashable {
        /// Milliseconds since 1970.
        var expires: Int64
        var address: IPv4Address
    }

    private var heap: [Entry] = []

    var count: Int { heap.count }
    var first: Entry? { heap.first }

    init(_ entries: some Sequence<Entry> = []) {
        // A sorted array is a heap.
        heap = entries.sorted { $0.expires < $1.expires }
    }

    mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].expires < heap[parent].expires else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out what is outdated, and entries that are there twice.
    mutating func keep(where isCurrent: (Entry) -> Bool) {
        self = ExpiryQueue(Set(heap.filter(isCurrent)))
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while let child = earlierChild(of: parent), heap[child].expires < heap[parent].expires {
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && heap[right].expires < heap[left].expires ? right : left
    }
}
