/// Why bytes are not an index, or not the index that a manifest pins.
public enum IndexError: Error, Hashable, Sendable {
    /// A part of the index that has a count.
    public enum Part: String, Hashable, Sendable {
        case streams, bundles, chunks
    }

    /// The bytes are not those that the manifest names.
    case wrongDigest(expected: ContentDigest, found: ContentDigest)
    /// The first eight bytes are not an index's.
    case notAnIndex
    /// Written by a newer Perseid.
    case newerFormat(version: UInt16)
    /// Cut short, or followed by something, in bytes.
    case wrongSize(expected: Int, found: Int)
    case tooMany(Part, count: Int, limit: Int)
    case unknownRole(UInt16)
    case repeatedStream
    case unknownFlags(chunk: Int, flags: UInt16)
    /// A length of zero, over the limit, or stored and raw lengths that differ without a flag that says why.
    case badLength(chunk: Int)
    case noSuchBundle(chunk: Int, bundle: UInt16)
    case outsideBundle(chunk: Int)
    /// A stream's chunks do not add up to its size or its count.
    case streamMismatch(StreamRole)
    /// The index and the manifest list different streams or chunks.
    case manifestMismatch(String)
}

extension IndexError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongDigest(let expected, let found):
            "the index has SHA-256 \(found), its manifest says \(expected)"
        case .notAnIndex: "these bytes are not a capsule's index"
        case .newerFormat(let version):
            "the index has format \(version), this Perseid reads \(CapsuleIndex.Wire.version): update stage 1"
        case .wrongSize(let expected, let found): "the index has \(found) bytes, its header says \(expected)"
        case .tooMany(let part, let count, let limit): "the index has \(count) \(part.rawValue), the limit is \(limit)"
        case .unknownRole(let code): "the index has a stream of the unknown kind \(code)"
        case .repeatedStream: "the index lists a stream twice"
        case .unknownFlags(let chunk, let flags): "chunk \(chunk) has unknown flags \(flags)"
        case .badLength(let chunk): "chunk \(chunk) has an impossible length"
        case .noSuchBundle(let chunk, let bundle): "chunk \(chunk) lies in bundle \(bundle), which is not listed"
        case .outsideBundle(let chunk): "chunk \(chunk) reaches beyond the end of its bundle"
        case .streamMismatch(let role): "the chunks of \(role.rawValue) do not add up to the stream"
        case .manifestMismatch(let what): "the index and its manifest disagree: \(what)"
        }
    }
}
