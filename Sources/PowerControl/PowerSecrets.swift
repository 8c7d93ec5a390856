import Foundation
import Glibc

/// The passwords of BMCs: a file each, which the server's user alone can read, by whom it is for.
public struct PowerSecrets: Sendable {
    public enum Owner: Hashable, Sendable {
        /// By its MAC address, which stays when its name changes.
        case node(mac: String)
        /// `all` for all nodes.
        case group(String)

        var fileName: String {
            switch self {
            case .node(let mac): "node-" + mac.replacingOccurrences(of: ":", with: "-")
            case .group(let name): "group-" + name
            }
        }
    }

    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        case notASecret
        case file(path: String, reason: String)
        case openToOthers(path: String)

        public var description: String {
            switch self {
            case .notASecret: "a password has 1 to 255 bytes, without control characters"
            case .file(let path, let reason): "\(path): \(reason)"
            case .openToOthers(let path): "\(path) can be read by others: chmod 600 it, and change the password"
            }
        }
    }

    let directory: String

    public init(directory: String) {
        self.directory = directory
    }

    /// The first of `owners` that has one; nil where none has.
    public func first(of owners: [Owner]) throws(Problem) -> PowerSecret? {
        for owner in owners {
            if let secret = try read(owner) { return secret }
        }
        return nil
    }

    private func read(_ owner: Owner) throws(Problem) -> PowerSecret? {
        let path = "\(directory)/\(owner.fileName)"
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .file(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & 0o077 == 0 else { throw .openToOthers(path: path) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(path: path, reason: "it cannot be read")
        }
        guard let secret = PowerSecret(Self.line(String(decoding: data, as: UTF8.self))) else { throw .notASecret }
        return secret
    }

    /// Keeps a secret, or with nil removes it.
    public func keep(_ text: String?, for owner: Owner) throws(Problem) {
        let path = "\(directory)/\(owner.fileName)"
        guard let text else {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw .file(path: path, reason: String(cString: strerror(errno)))
            }
            return
        }
        let line = Self.line(text)
        guard PowerSecret(line) != nil else { throw .notASecret }
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .file(path: directory, reason: "it cannot be made")
        }
        // Whole or not at all, and never readable by others.
        let draft = "\(path).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: draft, reason: String(cString: strerror(errno))) }
        // The server may be another user than who keeps the secret, and is the one whose state this is.
        var status = stat()
        if geteuid() == 0, stat("\(directory)/..", &status) == 0 {
            for path in [directory, draft] { _ = lchown(path, status.st_uid, status.st_gid) }
        }
        let bytes = Array((line + "\n").utf8)
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, rename(draft, path) == 0 else {
            throw .file(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Without the end of its line.
    private static func line(_ text: String) -> String {
        var text = text[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
