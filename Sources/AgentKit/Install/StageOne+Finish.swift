internal import BootMachine
internal import CLinux
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

extension StageOne {
    /// Tells the server, which from then on has the node boot from its disk, and does what is to come afterwards.
    /// - Parameter isLoaded: the installed kernel is ready to be started by kexec.
    mutating func finish(_ job: InstallJob, isLoaded: Bool) throws(StepFailure) {
        let contents = job.contents
        let text = "installed \(contents.generation), \(PeakMemory.text(memory.peak))"
        console.line(text)
        session.report(
            AgentReport(
                kind: .installed, percent: 100, detail: text, capsule: "\(contents.generation)",
                content: contents.manifest.index.sha256.hex, install: job.order.number))
        // Without it the next boot would install again.
        session.deliver(within: 600_000)
        guard session.undelivered.isEmpty else {
            throw StepFailure(.install, InstallProblem.order("the server could not be told that it is done"))
        }
        sync()
        switch job.order.wishes.afterwards {
        case .shutdown: try end(.shuttingDown, "switching off, as the order says", 0x4321_fedc)
        case .kexec where isLoaded: startInstalledKernel()
        case .shell:
            tell(nil, .shell, "a shell on the console; the machine restarts when it is left")
            giveShell(called: "installed")
        case .reboot, .kexec, .command: break
        }
        try end(.rebooting, "restarting, from its disk", 0x0123_4567)
    }

    /// - Parameter call: of reboot(2).
    private mutating func end(_ status: InstallStatus, _ text: String, _ call: UInt32) throws(StepFailure) {
        tell(nil, status, text)
        session.deliver(within: 5_000)
        sync()
        do throws(SystemError) {
            try systemCall("reboot", status.rawValue) { perseid_reboot(call) }
        } catch {
            throw StepFailure(.install, InstallProblem.system(status.rawValue, error))
        }
        // The call ends with the machine.
        BootClock.sleep(milliseconds: 600_000)
    }

    /// Returns where the kernel does not start: the machine then restarts.
    private mutating func startInstalledKernel() {
        tell(nil, .kexec, "starting the installed kernel")
        session.deliver(within: 5_000)
        leaveNetwork()
        do throws(HandoffProblem) {
            try Kexec.execute()
        } catch {
            console.line("\(error); restarting")
        }
    }
}
