internal import BootMachine
internal import BootProtocols
internal import CapsuleFormat
internal import DiskLayout
internal import Glibc
internal import PacketIO

extension StageOne {
    /// Puts a capsule on this machine's disks. Nothing is written before all that can be refused has been looked at.
    /// Returns only by throwing: in the end the machine starts anew.
    mutating func install(_ plan: Plan) throws(StepFailure) {
        // Ignored, the kernel would take the programs' status away (waitpid(2)).
        signal(SIGCHLD, SIG_DFL)
        let limits = InstallMemory.tighten()
        defer {
            limits.relax()
            signal(SIGCHLD, SIG_IGN)
        }
        // An install before this one, in vain, may have it in use on a disk that is to be made anew.
        closeCache()
        let order = try openOrder(plan)
        guard let mac = network?.mac else { return }
        let contents = try fetchContents(plan)
        let job = InstallJob(
            order: order, contents: contents, plan: plan, own: try fetchLayer(mac: mac), mac: mac,
            breakpoints: settings.breakpoints + order.wishes.breakpoints)
        var run = try lookAtDisks(job)
        if try runPreInstall(job, run) {
            // A script may have made other disks of those that were there.
            run = try prepare(job, run.tools)
        }
        try makeDisks(run, job)
        try fill(run, job)
        let loader = try makeBootable(run, job)
        let isLoaded = try runPostInstall(job, loader)
        stop(before: .unmount, job)
        tell(98, .finalizing, "unmounting")
        closeCache()
        do throws(InstallProblem) {
            try InstallTarget.unmount(run.work)
        } catch {
            throw StepFailure(.install, error)
        }
        stop(before: .finish, job)
        try finish(job, isLoaded: isLoaded)
    }

    /// The order, if one of the trusted keys signed it for this node and this attempt.
    private func openOrder(_ plan: Plan) throws(StepFailure) -> InstallOrder {
        guard let text = plan.install, let attempt = settings.attempt, let network else {
            throw StepFailure(.install, InstallProblem.order("the plan has none"))
        }
        let recipient = SealedLayer.Recipient(attempt: attempt, mac: network.mac.description)
        let bytes: [UInt8]
        do throws(JSONError) {
            let signed = try JSONBytes.decode(SignedOrder.self, from: Array(text.utf8))
            do throws(LayerError) {
                bytes = try signed.open(for: recipient, trusting: trusted.keys)
            } catch {
                throw JSONError(what: error.description)
            }
            let order = try JSONBytes.decode(InstallOrder.self, from: bytes)
            guard order.capsule == plan.capsule else { throw JSONError(what: "it is for \(order.capsule)") }
            return order
        } catch {
            throw StepFailure(.install, InstallProblem.order(error.description))
        }
    }

    private mutating func lookAtDisks(_ job: InstallJob) throws(StepFailure) -> DiskInstall {
        tell(1, .disks, "install \(job.order.number) of \(job.contents.generation): looking at the disks")
        let tools: InstallTools
        do throws(InstallProblem) {
            tools = try InstallTools.bringUp(from: sources(job.plan))
        } catch {
            throw StepFailure(.install, error)
        }
        loadDiskModules(job.order.layout)
        stop(before: .disks, job)
        return try prepare(job, tools)
    }

    private func prepare(_ job: InstallJob, _ tools: InstallTools) throws(StepFailure) -> DiskInstall {
        do throws(InstallProblem) {
            return try DiskInstall.prepare(job.order, tools: tools)
        } catch {
            throw StepFailure(.install, error)
        }
    }

    private mutating func loadDiskModules(_ layout: DiskLayout) {
        if !layout.groups.isEmpty { modules.load(named: "dm_mod") }
        for array in layout.arrays {
            switch array.level {
            case .linear: modules.load(named: "linear")
            case .striped: modules.load(named: "raid0")
            case .mirrored: modules.load(named: "raid1")
            case .stripedMirrors: modules.load(named: "raid10")
            case .dedicatedParity, .parity, .doubleParity: modules.load(named: "raid456")
            }
        }
    }

    private mutating func makeDisks(_ run: DiskInstall, _ job: InstallJob) throws(StepFailure) {
        stop(before: .partition, job)
        let commands = run.work.commands
        do throws(InstallProblem) {
            for (number, command) in commands.enumerated() {
                tell(
                    2 + number * 8 / max(1, commands.count), .partitioning,
                    "\(command.step.rawValue): \(command.title)")
                try run.tools.run(command)
            }
        } catch {
            throw StepFailure(.install, error)
        }
        stop(before: .mount, job)
        tell(10, .partitioning, "mounting \(run.work.mounts.map(\.mountPoint).joined(separator: " "))")
        // FAT has its names in tables of their own.
        for name in ["nls_cp437", "nls_ascii", "nls_iso8859_1"]
        where run.work.mounts.contains(where: { $0.kind == .vfat }) {
            modules.load(named: name)
        }
        do throws(InstallProblem) {
            try InstallTarget.mount(run.work) { modules.load(named: $0) }
        } catch {
            throw StepFailure(.install, error)
        }
    }

    /// Says a step, on the console and to the server.
    mutating func tell(_ percent: Int?, _ status: InstallStatus, _ text: String) {
        console.line("install\(percent.map { " \($0) %" } ?? ""): \(text)")
        session.report(AgentReport(kind: .progress, percent: percent, detail: status.mark + text))
    }
}

/// One install as it was asked for, with all that it needs of the server.
struct InstallJob {
    let order: InstallOrder
    let contents: CapsuleContents
    let plan: Plan
    /// The node's own files and scripts.
    let own: NodeLayer
    let mac: MACAddress
    let breakpoints: [InstallStep]

    func scripts(in root: String, environment: [String] = []) -> ScriptRun {
        ScriptRun(
            nodeName: plan.nodeName, capsule: "\(contents.generation)", root: root,
            environment: environment + ["PERSEID_INSTALL=\(order.number)"])
    }
}
