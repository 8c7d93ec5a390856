/// Which chunks of a stream are there, one bit each. It outlives a connection: what is set is never fetched again.
public struct ChunkBitmap: Hashable, Sendable {
    /// Number of chunks in the stream.
    public let count: Int
    /// Number of chunks that are there.
    public private(set) var present = 0
    private var words: [UInt64]

    /// None there yet. A negative count is none.
    public init(count: Int) {
        self.count = max(0, count)
        words = Array(repeating: 0, count: (self.count + 63) / 64)
    }

    /// Whether the chunk is there; false outside the stream.
    public func contains(_ chunk: Int) -> Bool {
        guard chunk >= 0, chunk < count else { return false }
        return words[chunk / 64] & (1 << UInt64(chunk % 64)) != 0
    }

    /// Marks the chunk as there. Outside the stream nothing changes.
    public mutating func insert(_ chunk: Int) {
        guard chunk >= 0, chunk < count, !contains(chunk) else { return }
        words[chunk / 64] |= 1 << UInt64(chunk % 64)
        present += 1
    }

    /// Marks the chunk as not there. Outside the stream nothing changes.
    public mutating func remove(_ chunk: Int) {
        guard contains(chunk) else { return }
        words[chunk / 64] &= ~(1 << UInt64(chunk % 64))
        present -= 1
    }

    public var isComplete: Bool { present == count }

    /// The chunks that are still to be fetched, in order.
    public var missing: [Int] { (0..<count).filter { !contains($0) } }
}
