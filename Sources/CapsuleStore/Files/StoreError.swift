public import CapsuleFormat
internal import Glibc

/// Why the store cannot give or take something.
public enum StoreError: Error, Hashable, Sendable {
    /// A system call failed: what was tried, on which path, and `errno`.
    case system(action: String, path: String, errno: Int32)
    case noSuchCapsule(CapsuleName, known: [CapsuleName])
    case noSuchGeneration(CapsuleGeneration, known: [Int])
    case noSuchChannel(CapsuleName, channel: CapsuleName, known: [CapsuleName])
    /// A file of the store is not what it should be.
    case damaged(path: String, reason: String)
    /// Larger than anything of its kind, in bytes.
    case fileTooLarge(path: String, limit: Int)
    /// The private key can be read by others than its owner.
    case exposedKey(path: String)
    /// The process is nil where the other one has the lock and did not write its number down yet.
    case buildInProgress(CapsuleName, process: String?)
    /// A rollback with nowhere to go.
    case nothingBefore(CapsuleName, channel: CapsuleName, current: CapsuleGeneration)
    /// Channels and nodes that would be left without it.
    case inUse(CapsuleGeneration, by: [String])
    /// Nodes, or the server, that boot whatever it points at.
    case channelInUse(CapsuleName, channel: CapsuleName, by: [String])
    /// What cannot be done to a key, and what to do instead.
    case key(String, reason: String)
    /// Another generation has this number already.
    case otherGeneration(CapsuleGeneration)
    /// Other chunks lie where an imported index says that its own do.
    case bundleConflict(ContentDigest)
    /// In seconds since 1970.
    case expired(CapsuleGeneration, at: Int64)
    /// The index takes no more.
    case index(IndexError)
    case manifest(ManifestError)

    /// The error of the system call that just failed.
    static func lastCall(_ action: String, _ path: String) -> StoreError {
        .system(action: action, path: path, errno: errno)
    }
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let action, let path, let code): "cannot \(action) \(path): \(String(cString: strerror(code)))"
        case .noSuchCapsule(let name, let known):
            "no capsule '\(name)'; "
                + (known.isEmpty
                    ? "there is none yet: make one with 'perseid capsule build'"
                    : "there are: \(known.map(\.text).joined(separator: ", "))")
        case .noSuchGeneration(let generation, let known):
            "no generation \(generation); \(generation.name) has: \(known.map(String.init).joined(separator: ", "))"
        case .noSuchChannel(let name, let channel, let known):
            "no channel '\(channel)' of \(name); there are: \(known.map(\.text).joined(separator: ", "))"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .fileTooLarge(let path, let limit): "\(path) is larger than \(limit) bytes"
        case .exposedKey(let path):
            "the private key \(path) can be read by others; see who did, then: chmod 600 \(path)"
        case .buildInProgress(let name, let process):
            "another build of \(name) is running\(process.map { " (process \($0))" } ?? ""); wait for it or stop it"
        case .nothingBefore(let name, let channel, let current):
            "\(name):\(channel) points at \(current) and at no other generation that is still there before it;"
                + " name one: perseid capsule promote \(name)@N \(channel)"
        case .inUse(let generation, let users):
            "\(generation) is in use by \(users.prefix(5).joined(separator: ", "))"
                + (users.count > 5 ? " and \(users.count - 5) more" : "") + "; move these to another one first"
        case .channelInUse(let name, let channel, let users):
            "\(name):\(channel) is in use by \(users.prefix(5).joined(separator: ", "))"
                + (users.count > 5 ? " and \(users.count - 5) more" : "") + "; set these to something else first"
        case .key(let id, let reason): "key \(id): \(reason)"
        case .otherGeneration(let generation):
            "there is another \(generation) here already; delete that one first, if it is this one that you want"
        case .bundleConflict(let bundle):
            "the index puts its chunks over others in bundle \(bundle): whoever signed it made it so"
        case .expired(let generation, let at):
            "\(generation) expired at \(at) (seconds since 1970): no node would boot it; build it again"
        case .index(let error): "\(error)"
        case .manifest(let error): "\(error)"
        }
    }
}
