/// Why the registry could not do something.
public enum RegistryError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotOpen(path: String, reason: String)
    /// The database was written by a newer Perseid.
    case newerVersion(path: String)
    /// Another node has this name or MAC already.
    case duplicate(String)
    case failed(operation: String, reason: String)

    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open the registry \(path): \(reason)"
        case .newerVersion(let path):
            "the registry \(path) was written by a newer Perseid; nothing was changed. Use that version, or another --state"
        case .duplicate(let what):
            "\(what) is taken already"
        case .failed(let operation, let reason):
            "registry: \(operation) failed: \(reason)"
        }
    }
}
