import Glibc

/// A program that a test started, found on PATH. Not Foundation's `Process`, whose wait can miss a program's end where
/// several threads start programs at once.
struct SpawnedProgram: Sendable {
    let processID: Int32
    /// An unlinked file with what the program printed; a pipe's end would be inherited by whatever starts meanwhile.
    private let output: Int32

    struct Failure: Error {
        let program: String
        let code: Int32
    }

    init(_ arguments: [String]) throws {
        var path = Array("/tmp/perseid-test-XXXXXX".utf8CString)
        output = mkstemp(&path)
        guard output >= 0 else { throw Failure(program: "mkstemp", code: errno) }
        _ = fcntl(output, F_SETFD, FD_CLOEXEC)
        unlink(path)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, arguments.first ?? "", &actions, nil, &words, environ)
        guard code == 0 else {
            close(output)
            throw Failure(program: arguments.first ?? "", code: code)
        }
        processID = child
    }

    /// Waits for the end; gives the exit status (128 + signal, if one ended it) and what was printed.
    func wait() -> (status: Int32, output: String) {
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        defer { close(output) }
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(output, &room, room.count, off_t(bytes.count))
            guard count > 0 else { break }
            bytes += room[..<count]
        }
        let signal = status & 0x7f
        return (signal == 0 ? status >> 8 & 0xff : 128 + signal, String(decoding: bytes, as: UTF8.self))
    }

    /// Ends it now.
    func kill() {
        _ = Glibc.kill(processID, SIGKILL)
        _ = wait()
    }
}
