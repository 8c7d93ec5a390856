/// Content-defined chunking: FastCDC (Xia et al., USENIX ATC 2016) with normalised chunk sizes.
///
/// A gear hash rolls over the bytes; each step shifts the hash left by one and adds the byte's word, so that its top
/// bits depend on the last 64 bytes and on nothing before them. A cut falls after a byte where the top bits are all
/// zero: 2 bits more than the average asks for before the average size is reached, 2 fewer after it, which draws the
/// sizes towards the average (normalisation level 2 of the paper). An insertion therefore moves the cuts near itself
/// only.
///
/// The cuts are frozen by test vectors; see `GearTable`.
public struct Chunker: Sendable {
    public let parameters: ChunkerParameters

    /// A cut before the average: the hash is below this.
    private let strictLimit: UInt64
    /// A cut after the average: the hash is below this.
    private let looseLimit: UInt64

    /// Bytes that the 64-bit hash remembers.
    private static let window = 64

    public init(_ parameters: ChunkerParameters = .standard) {
        self.parameters = parameters
        let bits = UInt64(parameters.average.trailingZeroBitCount)
        strictLimit = 1 << (64 &- (bits &+ 2))
        looseLimit = 1 << (64 &- (bits &- 2))
    }

    /// The length of the first chunk of `bytes`, which must either hold `parameters.maximum` bytes or reach to the end
    /// of the stream. 0 for no bytes.
    public func firstChunkLength(_ bytes: Span<UInt8>) -> Int {
        let end = min(bytes.count, parameters.maximum)
        guard end > parameters.minimum else { return end }
        let middle = min(end, parameters.average)
        let gear = GearTable.words.span
        var hash: UInt64 = 0
        var position = parameters.minimum &- Self.window
        while position < parameters.minimum {
            hash = (hash << 1) &+ gear[Int(bytes[position])]
            position &+= 1
        }
        if let cut = firstCut(bytes, &position, to: middle, below: strictLimit, &hash, gear) { return cut }
        return firstCut(bytes, &position, to: end, below: looseLimit, &hash, gear) ?? end
    }

    /// Bytes of a block, of which two are gone through side by side.
    private static let block = 1 << 12

    /// Goes from `position` to `end`, which is at most `bytes.count`, and stops behind the first byte where the hash is
    /// below `limit`.
    ///
    /// Each step of one hash waits for the one before, so two blocks are gone through at once. The hash remembers 64
    /// bytes, so that of the second block is known once these have been taken.
    private func firstCut(
        _ bytes: Span<UInt8>, _ position: inout Int, to end: Int, below limit: UInt64, _ hash: inout UInt64,
        _ gear: Span<UInt64>
    ) -> Int? {
        var first = hash
        while end &- position >= 2 &* Self.block {
            // All of both blocks lies before `end`, and 64 bytes before the second in the first.
            let middle = position &+ Self.block
            var second: UInt64 = 0
            for place in (middle &- Self.window)..<middle {
                second = (second << 1) &+ gear[unchecked: Int(bytes[unchecked: place])]
            }
            var place = position
            while place < middle {
                first = (first << 1) &+ gear[unchecked: Int(bytes[unchecked: place])]
                second = (second << 1) &+ gear[unchecked: Int(bytes[unchecked: place &+ Self.block])]
                place &+= 1
                if min(first, second) < limit { break }
            }
            if min(first, second) < limit {
                // A cut in the second block counts if none follows in the first.
                let later = second < limit ? place &+ Self.block : nil
                if first < limit { return place }
                while place < middle {
                    first = (first << 1) &+ gear[unchecked: Int(bytes[unchecked: place])]
                    place &+= 1
                    if first < limit { return place }
                }
                return later
            }
            first = second
            position = middle &+ Self.block
        }
        hash = first
        while position < end {
            hash = (hash << 1) &+ gear[Int(bytes[position])]
            position &+= 1
            if hash < limit { return position }
        }
        return nil
    }

    /// The chunks of a whole stream, in order, as ranges of `bytes`.
    public func chunks(of bytes: [UInt8]) -> [Range<Int>] {
        var chunks: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let length = firstChunkLength(bytes.span.extracting(start..<bytes.count))
            chunks.append(start..<(start + length))
            start += length
        }
        return chunks
    }
}
