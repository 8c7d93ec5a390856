internal import Glibc
internal import PacketIO

/// Network, mount and process namespaces around this program, which nobody has to clean up: when the first process in
/// them goes, however it goes, the kernel ends all others and takes interfaces and mounts with them.
///
/// The program starts itself again inside. Between the two stand `setpriv --pdeathsig KILL`, so that the inner part
/// dies with the outer one (also by SIGKILL), and `unshare --kill-child`, which hands that death on to process 1.
public enum LabNamespace {
    /// In the environment of the inner program.
    private static let marker = "PERSEID_LAB_INSIDE"

    /// True in the inner program. A container's process 1 has no marker; a child of the lab is not process 1.
    public static var isInside: Bool { getpid() == 1 && getenv(marker) != nil }

    /// Nil inside. Outside: starts this program inside with the same arguments, waits for it, and gives the status
    /// to exit with (128 + signal if one ended it). The calling thread is blocked meanwhile, and must be:
    /// its end is what `--pdeathsig` watches.
    public static func enter(
        executable: String = "/proc/self/exe", arguments: [String] = Array(CommandLine.arguments.dropFirst())
    ) throws(LabError) -> Int32? {
        if isInside { return nil }
        guard geteuid() == 0 else { throw .notRoot }
        return try wait(for: try spawn(command(executable: try resolved(executable), arguments: arguments)))
    }

    static func command(executable: String, arguments: [String]) -> [String] {
        let keeper = ["setpriv", "--pdeathsig", "KILL", "--"]
        let namespaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
        return keeper + namespaces + [executable] + arguments
    }

    /// `/proc/self` would be another program by then.
    private static func resolved(_ path: String) throws(LabError) -> String {
        guard let real = realpath(path, nil) else { throw .fileMissing(path: path, package: nil) }
        defer { free(real) }
        return String(cString: real)
    }

    private static func spawn(_ command: [String]) throws(LabError) -> pid_t {
        var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = [strdup("\(marker)=1")]
        defer { for copy in words + variables.prefix(1) { free(copy) } }
        var next = environ
        while let variable = next.pointee {
            variables.append(variable)
            next += 1
        }
        variables.append(nil)
        var child: pid_t = 0
        // A caller that ignores or blocks signals must not hand that on to the lab.
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let code = posix_spawnp(&child, command[0], nil, &attributes, &words, &variables)
        guard code == 0 else { throw .programMissing(program: command[0], package: "util-linux") }
        return child
    }

    private static func wait(for child: pid_t) throws(LabError) -> Int32 {
        var status: Int32 = 0
        do {
            try systemCall("waitpid") { waitpid(child, &status, 0) }
        } catch {
            throw .system("waiting for the lab's inner process: \(error)")
        }
        // WIFSIGNALED and WEXITSTATUS are macros: wait(2) keeps the signal in the low 7 bits, the status above bit 8.
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}
