internal import Glibc
package import PacketIO

/// Asks systemd how far it is, through its own program.
package enum Systemctl {
    /// Whether PID 1 is systemd.
    package static var isInit: Bool { SmallFile.text("/proc/1/comm") == "systemd" }

    /// Waits until start-up has finished: `running` or `degraded` (systemctl(1), is-system-running). Anything else is
    /// a state on the way, or empty where systemctl could not ask.
    package static func waitUntilStarted() throws(SystemError) -> String {
        try output(of: ["is-system-running", "--wait"])
    }

    /// The units that failed, by name.
    package static func failedUnits() throws(SystemError) -> [String] {
        let lines = try output(of: ["list-units", "--failed", "--plain", "--no-legend", "--no-pager"])
        return lines.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// Runs systemctl and gives what it wrote, at most 64 KiB, without blanks at its end. Its exit status says no
    /// more than its words.
    private static func output(of arguments: [String]) throws(SystemError) -> String {
        guard let program = ["/usr/bin/systemctl", "/bin/systemctl"].first(where: SmallFile.exists) else {
            throw SystemError(call: "posix_spawn", code: ENOENT, context: "systemctl")
        }
        var ends: [Int32] = [-1, -1]
        try systemCall("pipe2") { pipe(&ends) }
        let reader = FileDescriptor(owning: ends[0])
        let writer = ends[1]
        let child: pid_t
        do throws(SystemError) {
            child = try spawn(program, arguments, output: writer, unused: reader.raw)
        } catch {
            close(writer)
            throw error
        }
        close(writer)
        let bytes = (try? reader.readAll(limit: 64 << 10)) ?? []
        var status: Int32 = 0
        try systemCall("waitpid", program) { waitpid(child, &status, 0) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: "\n").trimmingBlanks()
    }

    private static func spawn(
        _ program: String, _ arguments: [String], output: Int32, unused: Int32
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, unused)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        var argv = Self.strings([program] + arguments)
        var environment = Self.strings(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"])
        defer { for text in argv + environment { free(text) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, nil, &argv, &environment)
        guard code == 0 else { throw SystemError(call: "posix_spawn", code: code, context: program) }
        return child
    }

    /// A list for exec: C strings and a null. The caller frees the strings.
    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var list: [UnsafeMutablePointer<CChar>?] = []
        for text in texts { list.append(strdup(text)) }
        list.append(nil)
        return list
    }
}
