internal import BootMachine
internal import CapsuleFormat
internal import DiskLayout
internal import Glibc
internal import PacketIO

// What of an install is an admin's own: scripts before and after it, a command, and shells at breakpoints.

extension StageOne {
    /// A script that failed fails again, and what is behind it is a disk made anew each time: milliseconds until then.
    private static let scriptPause: Int64 = 600_000

    /// Runs the scripts of the stage `pre-install` beside the install tools.
    /// - Returns: whether there were any.
    mutating func runPreInstall(_ job: InstallJob, _ run: DiskInstall) throws(StepFailure) -> Bool {
        let scripts = ScriptRun.scripts(of: nil, own: job.own, at: .preInstall)
        guard !scripts.isEmpty else { return false }
        tell(1, .preInstall, "\(scripts.count) scripts")
        do throws(InstallProblem) {
            try run.tools.addShell()
        } catch {
            throw StepFailure(.install, error)
        }
        let early = NodeScript.directory(of: .preInstall)
        do throws(RootProblem) {
            try LayerFiles.apply(job.own, to: InstallTools.root) { $0.hasPrefix(early) }
        } catch {
            throw StepFailure(.root, error)
        }
        let disks = job.order.layout.disks.map { run.work.plan.path(of: .disk($0.name)) }
        try runOnce(
            scripts,
            by: job.scripts(
                in: InstallTools.root,
                environment: [
                    "PATH=\(InstallTools.searchPath)", "PERSEID_DISKS=\(disks.joined(separator: " "))",
                ]))
        return true
    }

    /// Runs the scripts of the stage `post-install` and the command of the order in the new root, and loads its kernel
    /// where it is to start without the firmware.
    /// - Returns: whether that kernel is loaded.
    mutating func runPostInstall(_ job: InstallJob, _ loader: LoaderSetup) throws(StepFailure) -> Bool {
        stop(before: .scripts, job)
        let scripts = ScriptRun.scripts(of: job.contents.manifest.settings, own: job.own, at: .postInstall)
        if !scripts.isEmpty { tell(96, .postInstall, "\(scripts.count) scripts") }
        try runOnce(scripts, by: job.scripts(in: InstallTarget.root))
        switch job.order.wishes.afterwards {
        case .reboot, .shutdown, .shell: return false
        case .kexec: return load(loader)
        case .command(let text):
            try runCommand(text, job)
            return false
        }
    }

    private mutating func runOnce(_ scripts: [NodeScript], by run: ScriptRun) throws(StepFailure) {
        do throws(StepFailure) {
            try runScripts(scripts, by: run)
        } catch {
            var failure = error
            failure.retryAfter = Self.scriptPause
            throw failure
        }
    }

    private mutating func runCommand(_ text: String, _ job: InstallJob) throws(StepFailure) {
        guard let words = Afterwards.words(of: text), let program = words.first else { return }
        tell(97, .command, text)
        let run = job.scripts(in: InstallTarget.root)
        let ending: ScriptProcess.Ending
        defer { FileSystems.hideKernelInterfaces(in: run.root) }
        do throws(SystemError) {
            try FileSystems.showKernelInterfaces(in: run.root)
            let process = try ScriptProcess(
                program, in: run.root, arguments: Array(words.dropFirst()), environment: run.environment)
            ending = try process.wait(until: BootClock.milliseconds() + run.limit)
        } catch {
            throw StepFailure(.script, InstallProblem.system("command \(text)", error), retryAfter: Self.scriptPause)
        }
        let lines = ending.lastLines
        guard ending.status == .exited(0) else {
            throw StepFailure(
                .script, InstallProblem.program(nil, "command \(text)", ending.status.text, lines),
                retryAfter: Self.scriptPause)
        }
        tell(97, .command, "it ended with status 0\(lines.isEmpty ? "" : "; its last lines: \(lines)")")
    }

    /// A kernel that does not load costs no install: the machine starts by its firmware then.
    private mutating func load(_ loader: LoaderSetup) -> Bool {
        do throws(HandoffProblem) {
            let kernel = try Self.open(loader.kernelPath)
            let initramfs = try Self.open(loader.initramfsPath)
            try Kexec.load(kernel: kernel, initramfs: initramfs, commandLine: loader.commandLine)
            return true
        } catch {
            tell(97, .kexec, "\(error); it will start by its firmware")
            return false
        }
    }

    private static func open(_ path: String) throws(HandoffProblem) -> StreamFile {
        do throws(SystemError) {
            let path = InstallTarget.root + path
            return StreamFile(path, owning: try FileDescriptor.open(path, O_RDONLY))
        } catch {
            throw .system("the installed kernel", error)
        }
    }

    /// Stops before a step that is asked for, with a shell on the console.
    mutating func stop(before step: InstallStep, _ job: InstallJob) {
        guard job.breakpoints.contains(step) else { return }
        tell(nil, .stopped, "breakpoint before \(step.rawValue): leave the shell on the console to go on")
        giveShell(called: "before \(step.rawValue)")
        tell(nil, .stopped, "going on with \(step.rawValue)")
    }

    /// A shell among the install tools, with the new root at `InstallTools.target`, until it is left.
    mutating func giveShell(called name: String) {
        do throws(InstallProblem) {
            try InstallTools().addShell()
            do throws(SystemError) {
                let shell = try ConsoleShell.start(
                    "/bin/sh", ["sh", "-i"], in: InstallTools.root,
                    environment: [
                        "PATH=\(InstallTools.searchPath)", "HOME=/", "TERM=linux", "PS1=\(name) # ",
                    ])
                stayInTouch(whileRuns: shell)
            } catch {
                throw .system("a shell on the console", error)
            }
        } catch {
            tell(nil, .stopped, "no shell: \(error)")
        }
    }
}
