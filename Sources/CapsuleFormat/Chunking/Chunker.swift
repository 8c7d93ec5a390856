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
        while position < middle {
            hash = (hash << 1) &+ gear[Int(bytes[position])]
            position &+= 1
            if hash < strictLimit { return position }
        }
        while position < end {
            hash = (hash << 1) &+ gear[Int(bytes[position])]
            position &+= 1
            if hash < looseLimit { return position }
        }
        return end
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
