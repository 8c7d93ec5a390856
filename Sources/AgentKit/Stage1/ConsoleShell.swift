internal import CLinux
internal import Glibc
internal import PacketIO

/// A shell on the console of stage 1, for whoever sits there.
enum ConsoleShell {
    /// Starts it in a session of its own, on /dev/console.
    /// - Parameters:
    ///   - root: where it runs; `/dev` is there.
    ///   - arguments: its own name first.
    static func start(
        _ program: String, _ arguments: [String], in root: String, environment: [String]
    ) throws(SystemError) -> pid_t {
        let console = try FileDescriptor.open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        // The child closes what it reads from, once it is its standard input.
        let input = try systemCall("dup", "/dev/console") { dup(console.raw) }
        defer { close(input) }
        return try systemCall("execve", program) {
            perseid_spawn_in(root, program, &words, &variables, input, console.raw)
        }
    }

    /// Returns when it has ended.
    /// - Parameter meanwhile: called five times a second.
    static func wait(for child: pid_t, _ meanwhile: () -> Void) {
        var status: Int32 = 0
        while true {
            let ended = waitpid(child, &status, WNOHANG)
            // With SIGCHLD ignored it is gone without a word (ECHILD).
            if ended == child || (ended < 0 && errno != EINTR) { return }
            meanwhile()
            BootClock.sleep(milliseconds: 200)
        }
    }

    /// The one that the loader brings in an initramfs of its own: busybox.
    static func startRescue() throws(SystemError) -> pid_t {
        let script = "/busybox mkdir -p /bin; /busybox --install -s /bin; exec /bin/sh -i"
        return try start(
            "/busybox", ["busybox", "sh", "-c", script], in: "/",
            environment: ["PATH=/bin", "HOME=/", "TERM=linux", "PS1=stage 1 # "])
    }
}
