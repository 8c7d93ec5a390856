internal import AgentKit
internal import CEarlyInit
internal import Glibc

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
        Console().line("usage: perseid-agent stage2; without arguments it runs as init (PID 1) only")
        exit(EX_USAGE)
    }
}
