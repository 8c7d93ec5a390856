internal import BootMachine
internal import BootProtocols
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Stage 2: tells the server that the runtime OS is up, and then that it still is.
package struct StageTwo: ~Copyable {
    let console = Console()
    /// Where the settings are kept.
    private let directory: String
    /// In the place of the real sync.
    let syncBody: BackgroundSync.Body?
    var settings: StageTwoSettings
    /// Of the work that was begun last.
    var lastWork: Int64?
    /// The work that is under way.
    var sync: BackgroundSync?
    var session: AgentSession
    /// Of this start of an installed machine.
    var attempt: Int64 = 0
    /// What its own files are encrypted for.
    let layerKey = LayerKey()
    private var nextHeartbeat = BootClock.milliseconds()
    private var lease: DHCPLease?
    private var renewal: LeaseRenewal?

    /// Runs as a service of the runtime OS's init.
    package static func run() -> Never {
        signal(SIGPIPE, SIG_IGN)
        // An init that ignores it hands that on, and waitpid(2) would have no status of a script.
        signal(SIGCHLD, SIG_DFL)
        let console = Console()
        var backoff = Backoff.boot
        while true {
            do throws(StepFailure) {
                var stage = StageTwo(try readSettings())
                stage.loop()
            } catch {
                let pause = backoff.next(spread: .random(in: 0...1))
                console.line("\(error); trying again in \(seconds(pause))")
                BootClock.sleep(milliseconds: pause)
            }
        }
    }

    init(
        _ settings: StageTwoSettings, keptIn directory: String = StageTwoSettings.directory,
        syncing syncBody: BackgroundSync.Body? = nil
    ) {
        self.settings = settings
        self.directory = directory
        self.syncBody = syncBody
        session = AgentSession(api: NodeAPI(servers: settings.servers, token: settings.token), console: console)
        lease = settings.lease
        renewal = settings.lease.map { LeaseRenewal($0) }
    }

    /// Nil for a node that runs from memory.
    var isOnDisk: Bool? { settings.installedMAC == nil ? nil : true }

    private static func readSettings() throws(StepFailure) -> StageTwoSettings {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try SmallFile.read(StageTwoSettings.path, limit: 256 << 10)
        } catch {
            throw StepFailure(.settings, error)
        }
        do throws(JSONError) {
            return try JSONBytes.decode(StageTwoSettings.self, from: bytes)
        } catch {
            throw StepFailure(.settings, error)
        }
    }

    private mutating func loop() {
        if let mac = settings.installedMAC { checkIn(mac) }
        for report in settings.undelivered { session.report(report) }
        let state = waitForStartUp()
        CacheDisk.close(console: console)
        if runScripts() { reportReady(state) }
        keepInTouch()
    }

    /// An installed machine says that it is there, as soon as its network lets it, and gets a token for this start.
    private mutating func checkIn(_ mac: String) {
        guard let mac = MACAddress(mac) else { return }
        var backoff = Backoff.boot
        while true {
            let message = CheckIn(
                phase: .installed, mac: mac, address: lease?.address ?? IPv4Address(value: 0),
                kernelRelease: SmallFile.text("/proc/sys/kernel/osrelease") ?? "unknown", kernelDigest: nil,
                inventory: .ofThisMachine())
            do throws(NodeAPIError) {
                let reply = try session.checkIn(message)
                attempt = reply.attempt
                console.line("checked in: attempt \(reply.attempt), this node is \(reply.plan.nodeName)")
                return
            } catch {
                let pause = backoff.next(spread: .random(in: 0...1))
                console.line("check-in: \(error); trying again in \(seconds(pause))")
                BootClock.sleep(milliseconds: pause)
            }
        }
    }

    /// Runs the scripts of the stage `ready`, once in a boot.
    /// - Returns: whether the node may be called ready.
    private mutating func runScripts() -> Bool {
        guard !settings.scripts.isEmpty else { return true }
        let run = ScriptRun(nodeName: settings.nodeName, capsule: settings.booted, root: "/")
        do throws(ScriptProblem) {
            for script in settings.scripts { try session.run(script, by: run) }
        } catch {
            let failure = StepFailure(.script, error)
            console.line("FAILED \(failure)")
            session.report(AgentReport(kind: .failed, detail: failure.description))
            return false
        }
        settings.scripts = []
        keepSettings()
        return true
    }

    mutating func reportReady(_ state: String) {
        let used = MemoryInfo.now().map { ", \(mebibytes($0.usedBytes)) of \(mebibytes($0.totalBytes)) in use" } ?? ""
        let release = SmallFile.text("/proc/sys/kernel/osrelease") ?? "unknown"
        let text = "\(state), kernel \(release)\(used)"
        console.line("\(settings.nodeName) runs \(settings.capsule): \(text)")
        session.report(
            AgentReport(
                kind: .ready, milliseconds: BootClock.milliseconds(), detail: text, capsule: settings.capsule,
                content: settings.content, isOnDisk: isOnDisk))
    }

    /// Tells that it runs, takes work and keeps its address, for ever.
    private mutating func keepInTouch() {
        var survey = MachineSurvey()
        if let interface = try? NodeNetwork.interface(named: settings.interface) { survey.listen(on: interface) }
        while true {
            if let hardware = survey.news() {
                session.report(
                    AgentReport(
                        kind: .heartbeat, capsule: settings.capsule, content: settings.content, hardware: hardware))
            }
            turn(at: BootClock.milliseconds())
            renewLease()
            BootClock.sleep(milliseconds: min(1_000, max(100, nextHeartbeat - BootClock.milliseconds())))
        }
    }

    /// What is due at `now`, in milliseconds. Never waits for a sync.
    mutating func turn(at now: Int64) {
        if now >= nextHeartbeat {
            session.report(
                AgentReport(kind: .heartbeat, capsule: settings.capsule, content: settings.content),
                transient: true)
            nextHeartbeat = now + Int64(min(max(1, settings.intervalSeconds), 3600)) * 1000
        }
        session.flush()
        followSync()
        // What is ordered meanwhile waits: two at once would change the same files.
        if sync == nil, let work = session.takeWork(), work.id != lastWork { begin(work) }
    }

    /// Waits for the end of start-up where systemd knows it, and says how it ended.
    private func waitForStartUp() -> String {
        guard Systemctl.isInit else { return "started" }
        console.line("waiting until systemd has started everything")
        var last = ""
        while true {
            do throws(SystemError) {
                let state = try Systemctl.waitUntilStarted()
                if state == "running" { return state }
                if state != last, state != "degraded" { console.line("systemd says '\(state)'") }
                last = state
                if state == "degraded" {
                    let units = try Systemctl.failedUnits()
                    return "degraded: \(units.isEmpty ? "no unit named" : units.joined(separator: ", ")) failed"
                }
            } catch {
                console.line("cannot ask systemd: \(error)")
            }
            BootClock.sleep(milliseconds: 1_000)
        }
    }

    /// For an agent that is started again.
    func keepSettings() {
        do throws(HandoffProblem) {
            try StageTwoFiles.write(settings, in: directory)
        } catch {
            console.line("\(error)")
        }
    }

    /// At T1, unless another program on this machine speaks DHCP.
    private mutating func renewLease() {
        let now = BootClock.milliseconds()
        guard let held = lease, renewal?.isDue(at: now) == true else { return }
        do throws(NetworkProblem) {
            let interface = try NodeNetwork.interface(named: settings.interface)
            let fresh = try DHCPConversation.renew(held, on: interface, console: console)
            lease = fresh
            renewal = LeaseRenewal(fresh)
        } catch {
            renewal?.failed(at: BootClock.milliseconds())
            if !error.isPortTaken { console.line("lease of \(held.address) not renewed: \(error)") }
        }
    }
}
