import BootLab
import Foundation
import Glibc
import PacketIO

/// The files of the HTTP race: a set for each server, on the disk and not in memory, for who reads a file first decides
/// in which pages the kernel keeps it. That is as it is after a start of the machine, and with bundles, which Perseid
/// writes past the page cache.
struct HTTPBundles {
    let directory: String
    /// Each is its file's name.
    let identifiers: [String]

    static let count = 8
    /// Of each, in bytes.
    static let size = 16 << 20

    /// What there is in `directory`, made where it is not there yet.
    init(in directory: LabDirectory) async throws {
        let files = FileManager.default
        self.directory = directory.path
        var names = try files.contentsOfDirectory(atPath: directory.path).filter { $0.count == 64 }.sorted()
        while names.count < Self.count {
            let made = directory.file("bundle")
            // What chunks are compressed to looks like noise.
            var noise = SystemRandomNumberGenerator()
            let words = (0..<Self.size / 8).map { _ in noise.next() }
            try words.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: made))
            let digest = try await Program("sha256sum", [made], package: "coreutils").run().prefix(64)
            try files.moveItem(atPath: made, toPath: directory.file(String(digest)))
            names.append(String(digest))
        }
        identifiers = Array(names.prefix(Self.count))
    }

    private init(directory: String, identifiers: [String]) {
        self.directory = directory
        self.identifiers = identifiers
    }

    /// The same in another directory, as files of their own.
    func copy(to other: LabDirectory) throws -> HTTPBundles {
        let files = FileManager.default
        for name in identifiers where !files.fileExists(atPath: other.file(name)) {
            try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)"))
                .write(to: URL(fileURLWithPath: other.file(name)), options: .atomic)
        }
        return HTTPBundles(directory: other.path, identifiers: identifiers)
    }

    /// Has the kernel forget what it holds of them in memory.
    func leaveMemory() throws {
        for name in identifiers {
            let path = "\(directory)/\(name)"
            let raw = try systemCall("open") { open(path, O_RDONLY | O_CLOEXEC) }
            defer { close(raw) }
            // What has not been written yet would stay.
            try systemCall("fsync") { fsync(raw) }
            let code = posix_fadvise(raw, 0, 0, Int32(POSIX_FADV_DONTNEED))
            guard code == 0 else { throw SystemError(call: "posix_fadvise", code: code, context: path) }
        }
    }
}
