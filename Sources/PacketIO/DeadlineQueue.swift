/// Something that is due at a time, in the unit of its queue.
public protocol Deadlined {
    var deadline: Int64 { get }
}

/// What is due, the earliest first: a binary heap.
///
/// Nothing is looked for and taken out when it is due at another time after all: whoever takes an entry can tell that
/// it is outdated, and passes over it or puts it back. All is inlinable, since each DHCP exchange inserts twice: a
/// generic of another module is made for its type of entry only then.
public struct DeadlineQueue<Entry: Deadlined & Sendable>: Sendable {
    @usableFromInline var heap: [Entry]

    @inlinable public var first: Entry? { heap.first }
    @inlinable public var count: Int { heap.count }

    @inlinable public init() { heap = [] }

    @inlinable public init(_ entries: some Sequence<Entry>) {
        heap = Array(entries)
        for parent in (0..<heap.count / 2).reversed() { sink(parent) }
    }

    @inlinable public mutating func insert(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the first entry, if there is one.
    @inlinable public mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        sink(0)
    }

    @inlinable mutating func sink(_ start: Int) {
        var parent = start
        while let child = earlierChild(of: parent), heap[child].deadline < heap[parent].deadline {
            heap.swapAt(child, parent)
            parent = child
        }
    }

    @inlinable func earlierChild(of parent: Int) -> Int? {
        let left = 2 * parent + 1
        guard left < heap.count else { return nil }
        let right = left + 1
        return right < heap.count && heap[right].deadline < heap[left].deadline ? right : left
    }
}

extension DeadlineQueue where Entry: Hashable {
    /// Takes out what is outdated, and entries that are there twice.
    @inlinable public mutating func keep(where isCurrent: (Entry) -> Bool) {
        self = DeadlineQueue(Set(heap.filter(isCurrent)))
    }
}
