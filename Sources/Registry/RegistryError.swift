/// Why the registry could not do something.
public enum RegistryError: Error, Hashable, Sendable {
    case cannotOpen(path: String, reason: String)
    /// It is no database, or a damaged one. It is left as it is.
    case damaged(path: String, reason: String)
    /// The database was written by a newer Perseid.
    case newerVersion(path: String)
    /// Another node has this name, MAC or address already.
    case duplicate(String)
    /// Somebody changed this node or group after the one who changes it now had looked.
    case changedMeanwhile(String)
    /// A group that is not there, and what wants it.
    case noSuchGroup(String, wantedBy: String)
    /// Groups that inherit from one another in a circle, the first one again at the end.
    case cycle([String])
    case failed(operation: String, reason: String)
}

extension RegistryError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open the registry \(path): \(reason)"
        case .damaged(let path, let reason):
            """
            the registry \(path) is damaged (\(reason)); it was left as it is. Put a copy of it in its place, or start \
            `perseid serve` twice: the first start keeps it aside, the second begins with an empty one; \
            `sqlite3 FILE .recover` reads what can be read
            """
        case .newerVersion(let path):
            "the registry \(path) was written by a newer Perseid; nothing was changed. Use that version, or another --state"
        case .duplicate(let what):
            "\(what) is taken already"
        case .changedMeanwhile(let what):
            "\(what) was changed by somebody else meanwhile; nothing was written. Look again (`perseid history`), and repeat"
        case .noSuchGroup(let name, let whose):
            "\(whose): there is no group `\(name)` to belong to; `perseid group list` shows those that exist"
        case .cycle(let names):
            "groups would inherit from themselves: \(names.joined(separator: " -> ")); take one of these ways out"
        case .failed(let operation, let reason):
            "registry: \(operation) failed: \(reason)"
        }
    }
}
