internal import AgentKit
internal import CEarlyInit
internal import Glibc
internal import PacketIO

/// The agent's two lives: `/init` of stage 1, and a service of the runtime OS (`perseid-agent stage2`).
@main
enum Agent {
    static func main() {
        // The kernel hands init what it does not know of its command line, so PID 1 ignores its arguments.
        if getpid() == 1 {
            // Asked so that the constructor that mounts /proc is part of the program for certain.
            _ = perseid_early_init_mounted_proc()
            StageOne.run()
        }
        if CommandLine.arguments.dropFirst() == ["stage2"] { StageTwo.run() }
        if CommandLine.arguments.dropFirst() == [LazyRootSettings.command] { LazyRoot.run() }
        if CommandLine.arguments.dropFirst().first == "bench" { bench() }
        Console().line(
            "usage: perseid-agent stage2 | bench [MEBIBYTES]; without arguments it runs as init (PID 1) only")
        exit(EX_USAGE)
    }

    /// `perseid-agent bench 1024`: verifies and assembles so many MiB and says how fast.
    private static func bench() -> Never {
        let size = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 1024
        do throws(SystemError) {
            print(try AssemblyBench.run(mebibytes: size))
            exit(EX_OK)
        } catch {
            Console().line("\(error)")
            exit(EX_OSERR)
        }
    }
}
