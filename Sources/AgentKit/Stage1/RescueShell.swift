internal import Glibc
internal import PacketIO

/// A shell on the console of stage 1: busybox, which the loader brings in an initramfs of its own.
enum RescueShell {
    private static let program = "/busybox"

    /// Returns when the shell has ended.
    static func run() throws(SystemError) {
        let script = "/busybox mkdir -p /bin; /busybox --install -s /bin; exec /bin/sh -i"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/console", O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What is ignored here would be ignored there, and the shell waits for its children.
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGCHLD, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF) | sessionOfItsOwn)
        var arguments = Self.strings(["busybox", "sh", "-c", script])
        var environment = Self.strings(["PATH=/bin", "HOME=/", "TERM=linux", "PS1=stage 1 # "])
        defer { for text in arguments + environment { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, &arguments, &environment)
        guard code == 0 else { throw SystemError(call: "posix_spawn", code: code, context: program) }
        var status: Int32 = 0
        // With SIGCHLD ignored it waits, and then finds that nobody is left (ECHILD).
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }

    /// A list for exec: C strings and a null. The caller frees the strings.
    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var list: [UnsafeMutablePointer<CChar>?] = []
        for text in texts { list.append(strdup(text)) }
        list.append(nil)
        return list
    }

    /// POSIX_SPAWN_SETSID (spawn.h), which Glibc's module shows to _GNU_SOURCE alone.
    private static let sessionOfItsOwn: Int16 = 0x80
}
