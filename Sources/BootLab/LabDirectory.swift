internal import Glibc
internal import PacketIO

/// A directory for what one run of the lab leaves behind: consoles, logs, files to serve.
public struct LabDirectory: Hashable, Sendable {
    public let path: String

    /// Makes the directory, readable by its owner only, unless it is there. Its parent must exist.
    public init(creating path: String) throws(LabError) {
        self.path = path
        do {
            try systemCall("mkdir", path) { mkdir(path, 0o700) }
        } catch {
            guard error.code == EEXIST else { throw .system("\(error)") }
        }
    }

    /// A directory inside this one.
    public func directory(_ name: String) throws(LabError) -> LabDirectory {
        try LabDirectory(creating: file(name))
    }

    /// The path of a file inside, whether it is there or not.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file anew.
    func write(_ bytes: [UInt8], to name: String) throws(LabError) {
        do {
            try FileDescriptor.open(file(name), O_WRONLY | O_CREAT | O_TRUNC).writeAll(bytes.span.bytes)
        } catch {
            throw .system("cannot write \(file(name)): \(error)")
        }
    }

    /// Copies a file of at most 256 MiB. `package` is the Debian package to install if it is not there.
    func copy(_ source: String, to name: String, package: String? = nil) throws(LabError) {
        let bytes: [UInt8]
        do {
            bytes = try FileDescriptor.open(source, O_RDONLY).readAll(limit: 256 << 20)
        } catch {
            guard !error.isNotFound else { throw .fileMissing(path: source, package: package) }
            throw .system("cannot read \(source): \(error)")
        }
        try write(bytes, to: name)
    }
}
