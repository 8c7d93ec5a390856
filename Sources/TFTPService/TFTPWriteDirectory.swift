internal import BootProtocols
internal import Glibc
public import PacketIO

/// A directory that clients may put files into: crash dumps, configurations of switches.
///
/// A name is one path component; nothing that exists is ever overwritten; a file appears under its name when it is
/// whole. What is written counts against three limits, at least 4 KiB a file.
public final class TFTPWriteDirectory: Sendable {
    /// Bytes that may be written.
    public struct Limits: Hashable, Sendable {
        /// Of one file.
        public var file = 64 << 20
        /// By one client address since the server's start.
        public var client = 256 << 20
        /// In the directory, whoever wrote them.
        public var total = 1 << 30

        public init() {}
    }

    /// As it was given, for messages.
    public let path: String
    public let limits: Limits
    let descriptor: FileDescriptor

    /// Opens the directory, which must exist. The server's user needs the right to write there.
    public init(path: String, limits: Limits = Limits()) throws(SystemError) {
        descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        self.path = path
        self.limits = limits
    }

    /// Files that are on their way have names that begin so, which no client can ask for.
    static let temporaryPrefix = ".upload-"

    /// The component that `name` asks for: printable ASCII without slashes but in front, not hidden, at most 200 bytes.
    static func component(_ name: String) throws(TFTPRefusal) -> String {
        let relative: String
        do throws(ConfinedFileError) {
            relative = try ConfinedDirectory.relativeName(name)
        } catch {
            throw TFTPRefusal(error)
        }
        guard !relative.contains("/") else { throw TFTPRefusal(.accessViolation, "no directories here") }
        guard !relative.hasPrefix("."), relative.utf8.count <= 200 else {
            throw TFTPRefusal(.accessViolation, "bad file name: hidden or longer than 200 bytes")
        }
        return relative
    }

    /// What its files take, in bytes; those that an earlier server left unfinished are removed if `sweeping`.
    func measure(sweeping: Bool) throws(SystemError) -> Int {
        let raw = descriptor.raw
        let copy = try systemCall("openat", path) { openat(raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(copy) else { throw SystemError(call: "fdopendir", code: errno, context: path) }
        defer { closedir(stream) }
        var sum = 0
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if sweeping, name.hasPrefix(Self.temporaryPrefix) {
                unlinkat(descriptor.raw, name, 0)
                continue
            }
            var status = stat()
            guard fstatat(descriptor.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { continue }
            sum += max(Int(status.st_size), TFTPUploads.leastSize)
        }
        return sum
    }

    func exists(_ name: String) -> Bool {
        var status = stat()
        return fstatat(descriptor.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    func create(_ name: String) throws(SystemError) -> FileDescriptor {
        let raw = descriptor.raw
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        return FileDescriptor(owning: try systemCall("openat", name) { openat(raw, name, flags, 0o640) })
    }

    /// Gives a file its name; fails with EEXIST where there is one of that name.
    func publish(_ temporary: String, as name: String) throws(SystemError) {
        let raw = descriptor.raw
        try systemCall("linkat", name) { linkat(raw, temporary, raw, name, 0) }
        unlinkat(raw, temporary, 0)
    }

    func remove(_ temporary: String) {
        unlinkat(descriptor.raw, temporary, 0)
    }
}
