/// Reads a `.capsule` file part by part, and passes on nothing that did not verify.
///
/// It asks for bytes (`wanted`), is given exactly those, and says what they were. At 0 the file has to end.
public struct CapsuleFileReader: Sendable {
    public enum Part: Sendable {
        case header
        /// Its signature held, and it has not expired.
        case manifest(CapsuleManifest, signed: [UInt8])
        /// The one that the manifest pins.
        case index(CapsuleIndex, encoded: [UInt8])
        /// Its bytes are those that the index names.
        case chunk(DistinctChunks.Chunk)
    }

    private enum State {
        case header
        case manifest(CapsuleFileHeader)
        case index(CapsuleFileHeader, CapsuleManifest)
        case chunks(DistinctChunks, next: Int)
    }

    private let keys: TrustedKeys
    private let now: Int64
    private var state = State.header
    /// Bytes read so far.
    public private(set) var position: Int64 = 0
    /// Length of the whole file in bytes; nil until the index is read.
    public private(set) var size: Int64?

    /// - Parameter now: seconds since 1970, against the expiry.
    public init(trusting keys: TrustedKeys, now: Int64) {
        self.keys = keys
        self.now = now
    }

    /// How many bytes `accept` takes next: never more than a manifest, an index or a chunk may have. 0 at the end.
    public var wanted: Int {
        switch state {
        case .header: CapsuleFileHeader.size
        case .manifest(let header): header.manifestLength
        case .index(let header, _): header.indexLength
        case .chunks(let distinct, let next): next < distinct.chunks.count ? Int(distinct.chunks[next].length) : 0
        }
    }

    /// Whether the whole file was read.
    public var isComplete: Bool {
        if case .chunks(let distinct, let next) = state { return next == distinct.chunks.count }
        return false
    }

    /// - Parameter bytes: the next ones, as many as are `wanted`; fewer only where the file ends.
    /// - Throws: `CapsuleFileError`.
    public mutating func accept(_ bytes: [UInt8]) throws(CapsuleFileError) -> Part {
        let wanted = wanted
        guard !isComplete, bytes.count <= wanted else { throw .outOfStep(wanted: wanted, offered: bytes.count) }
        guard bytes.count == wanted else {
            let end = position + Int64(bytes.count)
            throw .truncated(at: end, missing: max(Int64(wanted - bytes.count), (size ?? 0) - end))
        }
        let part = try part(bytes)
        position += Int64(bytes.count)
        return part
    }

    private mutating func part(_ bytes: [UInt8]) throws(CapsuleFileError) -> Part {
        switch state {
        case .header:
            state = .manifest(try CapsuleFileHeader(decoding: bytes))
            return .header
        case .manifest(let header):
            let manifest = try Self.verify(bytes, keys, now)
            state = .index(header, manifest)
            return .manifest(manifest, signed: bytes)
        case .index(_, let manifest):
            let index: CapsuleIndex
            do {
                index = try CapsuleIndex(bytes, pinnedBy: manifest)
            } catch {
                throw .index(error)
            }
            let distinct = try DistinctChunks(of: index)
            state = .chunks(distinct, next: 0)
            size = position + Int64(bytes.count) + distinct.size
            return .index(index, encoded: bytes)
        case .chunks(let distinct, let next):
            guard next < distinct.chunks.count, distinct.chunks[next].verify(bytes.span.bytes) else {
                throw .damagedChunk(next, at: position)
            }
            state = .chunks(distinct, next: next + 1)
            return .chunk(distinct.chunks[next])
        }
    }

    private static func verify(
        _ bytes: [UInt8], _ keys: TrustedKeys, _ now: Int64
    ) throws(CapsuleFileError) -> CapsuleManifest {
        do {
            return try SignedManifest.verify(bytes, trusting: keys, expecting: nil, now: now)
        } catch {
            throw .manifest(error)
        }
    }
}
