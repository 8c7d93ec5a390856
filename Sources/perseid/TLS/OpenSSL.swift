import Glibc
import PacketIO

/// The `openssl` program, run to its end on the calling thread: `perseid serve` needs it while its main thread is
/// still the only one.
enum OpenSSL {
    enum Failure: Error, CustomStringConvertible {
        case missing
        case failed(command: String, output: String)

        var description: String {
            switch self {
            case .missing:
                "there is no program `openssl`; install the package openssl, or name tlsCertificate and tlsKey"
            case .failed(let command, let output): "`openssl \(command)` failed: \(output)"
            }
        }
    }

    /// - Parameter log: path of a file that takes both outputs.
    static func run(_ arguments: [String], log: String) throws {
        var words: [UnsafeMutablePointer<CChar>?] = (["openssl"] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        var child: pid_t = 0
        let code = posix_spawnp(&child, "openssl", &actions, nil, &words, environ)
        guard code != ENOENT else { throw Failure.missing }
        guard code == 0 else { throw SystemError(call: "posix_spawn", code: code, context: "openssl") }
        var status: Int32 = 0
        try systemCall("waitpid", "openssl") { waitpid(child, &status, 0) }
        guard status == 0 else {
            let output = (try? FileDescriptor.open(log, O_RDONLY).readAll(limit: 16 << 10)) ?? []
            throw Failure.failed(
                command: arguments.joined(separator: " "), output: String(decoding: output, as: UTF8.self))
        }
    }
}
