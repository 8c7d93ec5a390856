public import CapsuleFormat

/// Why a `.capsule` file was not imported. Nothing of it was kept.
public enum ImportError: Error, Hashable, Sendable {
    case store(StoreError)
    case file(path: String, CapsuleFileError)
    /// A good file of something else.
    case unexpected(path: String, found: CapsuleGeneration, expected: String)
    /// Older than one that is or was here.
    case older(CapsuleGeneration, than: Int)
    /// Made more than a day from now, by the clocks of both servers.
    case fromTheFuture(CapsuleGeneration, seconds: Int64)
    /// The file with the key to trust is none.
    case badKey(path: String, reason: String)
    case other(String)
}

extension ImportError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .file(let path, .manifest(.untrustedKey(let id))):
            "\(path) is signed with key \(id), which is not trusted here. If you know whose it is, get its .pub file"
                + " from there and say: --trust \(id).pub"
        case .file(let path, let error): "\(path): \(error)"
        case .unexpected(let path, let found, let expected): "\(path) holds \(found), not \(expected)"
        case .older(let generation, let newest):
            "\(generation) is older than \(generation.name)@\(newest), which is or was here; say --allow-older"
                + " if that is meant"
        case .fromTheFuture(let generation, let seconds):
            "\(generation) says that it was made \(seconds / 3600) hours from now: the clock of this server or of the one"
                + " that signed it is wrong, and expiry goes by both; set it right"
        case .badKey(let path, let reason): "\(path): \(reason)"
        case .other(let reason): reason
        }
    }
}
