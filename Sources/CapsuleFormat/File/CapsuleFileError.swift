/// Why bytes are not a `.capsule` file, or not one that may be imported.
public enum CapsuleFileError: Error, Hashable, Sendable {
    /// The first eight bytes are another file's.
    case notACapsule
    /// Written by a newer Perseid.
    case newerFormat(version: UInt16)
    /// A length in the header that is over its limit, in bytes.
    case tooLarge(part: String, bytes: UInt32, limit: Int)
    /// The file ends in the middle, in bytes.
    case truncated(at: Int64, missing: Int64)
    case trailingBytes(after: Int64)
    case manifest(ManifestError)
    case index(IndexError)
    /// The index's parts do not go together, though its signer vouched for it.
    case contradiction(String)
    /// The bytes of a chunk are not those that the index names. Counted from 0, at an offset in the file.
    case damagedChunk(Int, at: Int64)
    /// Bytes were offered that nobody asked for: a fault of the caller.
    case outOfStep(wanted: Int, offered: Int)
}

extension CapsuleFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notACapsule: "this is not a .capsule file"
        case .newerFormat(let version):
            "the file has format \(version), this Perseid reads \(CapsuleFileHeader.version): update Perseid"
        case .tooLarge(let part, let bytes, let limit):
            "the file's \(part) has \(bytes) bytes, the limit is \(limit): the file is damaged"
        case .truncated(let at, let missing):
            "the file ends at byte \(at), at least \(missing) bytes early: copy it again"
        case .trailingBytes(let after): "the file goes on after its end at byte \(after): copy it again"
        case .manifest(let error): "\(error)"
        case .index(let error): "\(error): the file is damaged, copy it again"
        case .contradiction(let reason): "the index contradicts itself: \(reason); whoever signed it made it so"
        case .damagedChunk(let chunk, let at):
            "chunk \(chunk), at byte \(at), is not what the index names: the file is damaged, copy it again"
        case .outOfStep(let wanted, let offered): "\(offered) bytes were offered where \(wanted) were wanted"
        }
    }
}
