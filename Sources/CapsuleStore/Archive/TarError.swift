/// Why a tar archive was refused. Names the entry, or the byte where there is none to name.
public enum TarError: Error, Hashable, Sendable {
    /// Its first block is no header.
    case notTar
    /// A header that cannot be read, at a byte of the uncompressed archive.
    case badHeader(offset: Int64, reason: String)
    /// An entry that is not taken.
    case refused(member: String, reason: String)
    /// It ends inside an entry, or without its end mark.
    case truncated(offset: Int64, member: String?)
    /// An entry could not be written.
    case unwritable(member: String, StoreError)
}

extension TarError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notTar: "it is no tar archive"
        case .badHeader(let offset, let reason): "the header at byte \(offset) is damaged: \(reason)"
        case .refused(let member, let reason): "its entry '\(member)' is refused: \(reason)"
        case .truncated(let offset, let member?):
            "it ends at byte \(offset), in the middle of '\(member)': copy it again"
        case .truncated(let offset, nil): "it ends at byte \(offset) without its end mark: copy it again"
        case .unwritable(let member, let error): "its entry '\(member)' cannot be unpacked: \(error)"
        }
    }
}
