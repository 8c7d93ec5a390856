import Glibc
public import PacketIO

/// The daemon's Unix socket: where it is and who may use it.
public struct ControlSocket: Hashable, Sendable {
    /// Absolute.
    public let path: String
    /// Who may read beside the daemon's user and root; nil: nobody.
    public let group: String?

    private var directory: String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }

    /// Bytes that a path may have (unix(7): `sun_path`, with its NUL).
    static let longestPath = 107

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case pathTooLong(String)
        case noSuchGroup(String)
        case system(SystemError)

        public var description: String {
            switch self {
            case .pathTooLong(let path):
                "the control socket's path has more than \(ControlSocket.longestPath) bytes: \(path). Name a "
                    + "shorter state directory"
            case .noSuchGroup(let name): "there is no group `\(name)` that could read the control socket"
            case .system(let error): "the control socket: \(error)"
            }
        }
    }

    public init(path: String, group: String? = nil) throws(Failure) {
        guard path.utf8.count <= Self.longestPath else { throw .pathTooLong(path) }
        self.path = path
        self.group = group
    }

    /// Does what needs privileges, before they are dropped: with a group, the socket's directory is made, and made that
    /// group's, which the socket inherits (inode(7), set-group-ID). It is to hold nothing else.
    /// - Parameter user: who the daemon will be; nil: who it is.
    public func prepare(for user: String?) throws(Failure) {
        guard let group else { return }
        guard let entry = getgrnam(group) else { throw .noSuchGroup(group) }
        let owner = user.flatMap { getpwnam($0) }.map(\.pointee.pw_uid) ?? geteuid()
        do throws(SystemError) {
            for parent in parents { try Self.make(parent, mode: 0o755) }
            try Self.make(directory, mode: 0o2750)
            try systemCall("chown", directory) { chown(directory, owner, entry.pointee.gr_gid) }
            try systemCall("chmod", directory) { chmod(directory, 0o2750) }
        } catch {
            throw .system(error)
        }
    }

    /// All directories above the socket's own, the highest first.
    private var parents: [String] {
        let names = directory.split(separator: "/").dropLast()
        return names.indices.map { "/" + names[...$0].joined(separator: "/") }
    }

    private static func make(_ directory: String, mode: mode_t) throws(SystemError) {
        if mkdir(directory, mode) != 0, errno != EEXIST {
            throw SystemError(call: "mkdir", code: errno, context: directory)
        }
    }

    /// Sets the socket's mode once it is there. Until then it is the umask's, which never lets others write, and to
    /// connect is to write.
    func open() throws(SystemError) {
        try systemCall("chmod", path) { chmod(path, group == nil ? 0o600 : 0o660) }
    }
}
