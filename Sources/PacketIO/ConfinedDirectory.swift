internal import CLinux
internal import Glibc

/// Why a file of a confined directory is not served.
public enum ConfinedFileError: Error, Hashable, Sendable {
    /// The name itself is not acceptable; the text says why.
    case badName(String)
    case notFound
    /// A symbolic link on the way leads out of the directory.
    case leavesDirectory
    /// A directory, a device, a socket.
    case notAFile
    case failed(SystemError)
}

extension ConfinedFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badName(let why): "bad file name: \(why)"
        case .notFound: "no such file"
        case .leavesDirectory: "a link leads out of the served directory"
        case .notAFile: "not a regular file"
        case .failed(let error): error.description
        }
    }
}

/// A directory from which files are served to strangers: whatever the name, nothing outside it is opened.
///
/// The name is checked first, then the kernel resolves it beneath the directory (openat2, RESOLVE_BENEATH), so
/// that no link and no renaming meanwhile leads out. Links that stay inside are followed.
public final class ConfinedDirectory: Sendable {
    /// As it was given, for messages.
    public let path: String
    private let descriptor: FileDescriptor

    /// Opens the directory, which must exist.
    public init(path: String) throws(SystemError) {
        descriptor = try FileDescriptor.open(path, O_RDONLY | O_DIRECTORY)
        self.path = path
    }

    /// Opens a regular file for reading. `name` is relative; slashes in front are dropped, because firmware sends
    /// them.
    public func openFile(_ name: String) throws(ConfinedFileError) -> FileDescriptor {
        let relative = try Self.relativeName(name)
        let descriptor = try open(relative: relative)
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else {
            throw .failed(SystemError(call: "fstat", code: errno, context: relative))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        return descriptor
    }

    private func open(relative name: String) throws(ConfinedFileError) -> FileDescriptor {
        // EAGAIN: something was renamed while the kernel looked; the next try sees it settled.
        for attempt in 1...8 {
            do throws(SystemError) {
                let raw = try systemCall("openat2", name) { perseid_open_beneath(descriptor.raw, name, 0) }
                return FileDescriptor(owning: raw)
            } catch {
                switch error.code {
                case EAGAIN where attempt < 8: continue
                case ENOENT, ENOTDIR: throw .notFound
                case EXDEV, ELOOP: throw .leavesDirectory
                case ENXIO: throw .notAFile
                default: throw .failed(error)
                }
            }
        }
        throw .notFound
    }

    /// The name without leading slashes, doubled slashes and `.`; refused are `..`, backslashes, and all bytes but
    /// printable ASCII.
    public static func relativeName(_ name: String) throws(ConfinedFileError) -> String {
        guard name.utf8.count <= 1024 else { throw .badName("longer than 1024 bytes") }
        for byte in name.utf8 {
            if byte == UInt8(ascii: "\\") { throw .badName("it has a backslash") }
            guard (0x20...0x7e).contains(byte) else { throw .badName("it has a byte that is not printable ASCII") }
        }
        let parts = name.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty else { throw .badName("it is empty") }
        guard !parts.contains("..") else { throw .badName("it has ..") }
        return parts.joined(separator: "/")
    }
}
