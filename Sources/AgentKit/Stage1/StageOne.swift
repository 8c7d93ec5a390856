internal import BootMachine
internal import BootProtocols
internal import CLinux
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Stage 1: from a bare kernel to the runtime OS. As PID 1 it never returns and never gives up: every failure is
/// said, told to the server, and followed by another try after a pause.
package struct StageOne: ~Copyable {
    let console: Console
    let memory: MemoryWatch
    let release: String
    var modules: ModuleLoader
    var settings: BootSettings
    let trusted: TrustedKeyring
    /// What this node's own files are encrypted for.
    let layerKey: LayerKey
    var network: NodeNetwork?
    var session: AgentSession
    /// What was fetched before a try broke off: the next one goes on from there.
    var assembly: CapsuleAssembly?
    /// Brings the images of a root that is mounted before they are whole.
    var lazyRoot: LazyRootProcess?
    /// Chunks on this node's own disk.
    var cache: ChunkCache?
    /// What the switches say.
    var survey = MachineSurvey()

    /// Runs as PID 1.
    package static func run() -> Never {
        // An ignored SIGCHLD has the kernel reap orphans (signal(7)); a closed socket is an error, not an end.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGCHLD, SIG_IGN)
        umask(0o022)
        if SmallFile.exists(LocalBoot.path) { LocalStart.run() }
        var backoff = Backoff.boot
        while true {
            do throws(StepFailure) {
                var stage = try start()
                stage.loop()
            } catch {
                let pause = backoff.next(spread: .random(in: 0...1))
                Console().line("\(error); trying again in \(seconds(pause))")
                BootClock.sleep(milliseconds: pause)
            }
        }
    }

    /// Mounts, reads the settings and loads drivers: what needs no network.
    private static func start() throws(StepFailure) -> StageOne {
        try mountKernelInterfaces()
        takeConsole()
        let console = Console()
        let memory = MemoryWatch()
        let release = SmallFile.text("/proc/sys/kernel/osrelease") ?? "unknown"
        console.line("stage 1 on kernel \(release), \(mebibytes(memory.atStart)) of memory in use")
        let settings = try readSettings()
        console.line(
            "\(settings.phase.rawValue) for \(settings.mac?.description ?? "any network card"),"
                + " server \(settings.servers.map(\.description).joined(separator: ", "))")
        let trusted = TrustedKeyring.read(from: CapsuleContents.trustedDirectory)
        for problem in trusted.problems { console.line(problem) }
        var modules = ModuleLoader(release: release, console: console)
        var loaded = modules.coldplug()
        for name in ["loop", "squashfs", "overlay", "ipmi_devintf"] { loaded += modules.load(named: name) }
        console.line("loaded \(loaded) modules")
        return StageOne(
            console: console, memory: memory, release: release, modules: modules, settings: settings,
            trusted: trusted,
            session: AgentSession(
                api: NodeAPI(servers: settings.servers, token: settings.token, bootToken: settings.bootToken),
                console: console))
    }

    init(
        console: Console, memory: MemoryWatch, release: String, modules: ModuleLoader, settings: BootSettings,
        trusted: TrustedKeyring, session: consuming AgentSession
    ) {
        self.console = console
        self.memory = memory
        self.release = release
        self.modules = modules
        self.settings = settings
        self.trusted = trusted
        layerKey = settings.layerSecret.flatMap { LayerKey(secret: $0) } ?? LayerKey()
        self.session = session
    }

    /// Tries until the runtime OS takes this process over.
    private mutating func loop() {
        var backoff = Backoff.boot
        var withoutServer = 0
        if settings.shell == .first { giveShell() }
        while true {
            do throws(StepFailure) {
                try attempt()
                backoff.reset()
                withoutServer = 0
            } catch {
                let pause = max(backoff.next(spread: .random(in: 0...1)), error.retryAfter)
                tell(error, pause: pause)
                withoutServer = error.step == .checkIn ? withoutServer + 1 : 0
                // A server that stays away may be a network that changed: begin with the cable again.
                if withoutServer.isMultiple(of: 5), withoutServer > 0 { network = nil }
                pauseAndFlush(milliseconds: pause)
            }
        }
    }

    mutating func tell(_ failure: StepFailure, pause: Int64) {
        console.line("FAILED \(failure); trying again in \(seconds(pause))")
        session.report(AgentReport(kind: .failed, detail: failure.description))
    }

    /// One try, from the network to the handoff. Returns where the plan says to wait, and after its wait.
    private mutating func attempt() throws(StepFailure) {
        try Self.mountKernelInterfaces()
        try connect()
        guard let network else { throw StepFailure(.network, NetworkProblem.noInterface(settings.mac, seen: [])) }
        let reply = try checkIn(as: network.mac, at: network.lease.address)
        for reason in reply.plan.reasons { console.line("plan: \(reason)") }
        if settings.shell == .rescue { giveShell() }
        switch reply.plan.action {
        case .wait:
            let pause = min(max(reply.plan.waitSeconds, 1), 3600)
            console.line("the server has nothing to boot for \(reply.plan.nodeName) yet; asking again in \(pause) s")
            survey.lookAround(besides: network.interface.name)
            pauseAndFlush(milliseconds: Int64(pause) * 1000)
        case .diskless:
            survey.leaveOthers()
            try boot(reply.plan)
        case .disk:
            survey.leaveOthers()
            try install(reply.plan)
        case .local:
            console.line("the disk has what it should have: starting anew")
            session.deliver(within: 5_000)
            _ = perseid_reboot(0x0123_4567)
            pauseAndFlush(milliseconds: 60_000)
        }
    }

    /// Once: whoever leaves the shell wants the boot to go on.
    private mutating func giveShell() {
        settings.shell = nil
        console.line("a shell, as asked for; leave it and the boot goes on")
        do throws(SystemError) {
            let shell = try ConsoleShell.startRescue()
            stayInTouch(whileRuns: shell)
        } catch {
            console.line("no shell: \(error)")
        }
    }

    /// Waits for a shell to be left. The server hears of the node meanwhile, and the lease is kept.
    mutating func stayInTouch(whileRuns shell: pid_t) {
        var last = BootClock.milliseconds()
        ConsoleShell.wait(for: shell) {
            // Before its check-in a node is nobody who could be heard.
            guard settings.attempt != nil else { return }
            network?.renewIfDue(console: console)
            if BootClock.milliseconds() - last >= Self.heartbeatPause {
                last = BootClock.milliseconds()
                session.report(AgentReport(kind: .heartbeat), transient: true)
            } else {
                session.flush()
            }
        }
    }

    /// In milliseconds.
    private static let heartbeatPause: Int64 = 30_000

    private mutating func connect() throws(StepFailure) {
        if network != nil {
            network?.renewIfDue(console: console)
            return
        }
        do throws(NetworkProblem) {
            let found = try NodeNetwork.bringUp(mac: settings.mac, console: console) { _ = modules.coldplug() }
            console.line(
                "\(found.interface.name) has \(found.lease.address)/\(found.lease.prefixLength)"
                    + " from \(found.lease.server)")
            network = found
            survey.listen(on: found.interface)
        } catch {
            throw StepFailure(.network, error)
        }
    }

    mutating func checkIn(as mac: MACAddress, at address: IPv4Address) throws(StepFailure) -> CheckInReply {
        let message = CheckIn(
            phase: settings.phase, mac: mac, address: address, kernelRelease: release,
            kernelDigest: settings.kernelDigest, inventory: survey.inventory(),
            layerKey: layerKey.publicKey)
        do throws(NodeAPIError) {
            let reply = try session.checkIn(message)
            settings.attempt = reply.attempt
            console.line("checked in: attempt \(reply.attempt), this node is \(reply.plan.nodeName)")
            return reply
        } catch {
            throw StepFailure(.checkIn, error, retryAfter: min(error.retryAfterSeconds ?? 0, 60) * 1000)
        }
    }

    private mutating func pauseAndFlush(milliseconds: Int64) {
        let end = BootClock.milliseconds() + milliseconds
        while BootClock.milliseconds() < end {
            session.flush()
            BootClock.sleep(milliseconds: min(1_000, end - BootClock.milliseconds()))
        }
    }
}

extension StageOne {
    static func mountKernelInterfaces() throws(StepFailure) {
        do throws(SystemError) {
            try FileSystems.mountKernelInterfaces()
        } catch {
            throw StepFailure(.start, error)
        }
    }

    /// The kernel's console becomes this process's, now that /dev has it.
    static func takeConsole() {
        let console = open("/dev/console", O_RDWR | O_NOCTTY)
        guard console >= 0 else { return }
        for target in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] { dup2(console, target) }
        if console > STDERR_FILENO { close(console) }
    }

    /// After a kexec the settings are in the initramfs, else on the command line.
    private static func readSettings() throws(StepFailure) -> BootSettings {
        if SmallFile.exists(BootArchive.settingsPath) {
            return try readHandedOverSettings()
        }
        do throws(BootSettingsError) {
            return try BootSettings(KernelCommandLine(SmallFile.text("/proc/cmdline") ?? ""))
        } catch {
            throw StepFailure(.settings, error)
        }
    }

    private static func readHandedOverSettings() throws(StepFailure) -> BootSettings {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SmallFile.read(BootArchive.settingsPath, limit: 64 << 10)
        } catch {
            throw StepFailure(.settings, error)
        }
        do throws(JSONError) {
            return try JSONBytes.decode(BootSettings.self, from: bytes)
        } catch {
            throw StepFailure(.settings, error)
        }
    }
}
