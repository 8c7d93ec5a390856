import Glibc
import PacketIO

/// Keeps a second daemon off the same state, for as long as it lives.
final class StateLock: Sendable {
    private let file: FileDescriptor

    struct Taken: Error, CustomStringConvertible {
        let path: String
        let holder: String

        var description: String {
            "another `perseid serve` (process \(holder)) uses the state \(path); stop it, or name another with --state"
        }
    }

    init(state: String) throws {
        let path = state + "/serve.lock"
        file = try FileDescriptor.open(path, O_RDWR | O_CREAT, permissions: 0o600)
        guard flock(file.raw, LOCK_EX | LOCK_NB) == 0 else {
            let holder = String(decoding: try file.readAll(limit: 64), as: UTF8.self)
            throw Taken(path: state, holder: holder.isEmpty ? "unknown" : holder)
        }
        ftruncate(file.raw, 0)
        try file.writeAll(Array(String(getpid()).utf8).span.bytes)
    }
}
