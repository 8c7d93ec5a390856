internal import BootMachine
internal import CapsuleFormat

extension StageOne {
    /// Does what a plan to boot says. Returns only by throwing: in the end another program is this process.
    mutating func boot(_ plan: Plan) throws(StepFailure) {
        let contents = try fetchContents(plan)
        let manifest = contents.manifest
        openCache(plan)
        if plan.handoff == .kexec, settings.phase == .stage1 {
            try startKernel(of: contents, plan)
        }
        guard manifest.kernelRelease == release else {
            throw StepFailure(
                .capsule,
                CapsuleProblem.otherKernel("\(contents.generation)", wants: manifest.kernelRelease, runs: release))
        }
        try assemble(contents, plan)
        try handOver(contents, plan)
    }

    mutating func fetchContents(_ plan: Plan) throws(StepFailure) -> CapsuleContents {
        do throws(CapsuleProblem) {
            guard let capsule = plan.capsule else { throw .badName("") }
            let contents = try CapsuleContents.fetch(
                capsule, through: &session.api, trusting: trusted.keys, unless: .handedOver())
            console.line(
                "\(contents.generation) is signed with trusted key \(contents.manifest.keyID),"
                    + " kernel \(contents.manifest.kernelRelease)")
            return contents
        } catch {
            throw StepFailure(.capsule, error)
        }
    }

    /// Opens the cache on this node's disk, if it has one and the plan or the kernel command line names it.
    mutating func openCache(_ plan: Plan) {
        guard cache == nil, settings.cacheLabel != "none" else { return }
        guard var wanted = plan.cache ?? settings.cacheLabel.map({ _ in .standard }) else { return }
        if let label = settings.cacheLabel { wanted.label = label }
        cache = CacheDisk.open(wanted, console: console) { modules.load(named: $0) }
    }

    /// Writes back what is new, and lets its disk go.
    mutating func closeCache() {
        guard cache != nil else { return }
        cache = nil
        CacheDisk.close(console: console)
    }

    /// Servers of the plan, or those that the boot script named.
    func sources(_ plan: Plan) -> [ServerURL] {
        let named = plan.servers.compactMap { ServerURL($0) }
        if named.count < plan.servers.count { console.line("the plan names a server that is no URL; it is left out") }
        return named.isEmpty ? settings.servers : named
    }

    /// Fetches the images into memory, or what an earlier try left to be fetched.
    mutating func assemble(_ contents: CapsuleContents, _ plan: Plan) throws(StepFailure) {
        if assembly?.continues(contents) != true {
            assembly = nil
            do throws(CapsuleProblem) {
                assembly = try CapsuleAssembly.begin(
                    contents, cache: cache, pace: TransferPace(bytesPerSecond: plan.bytesPerSecond))
            } catch {
                throw StepFailure(.capsule, error)
            }
        }
        if contents.manifest.settings?.rootMode == .lazy, startLazily(contents, plan) { return }
        guard let transfer = assembly?.transfer else { return }
        let start = BootClock.milliseconds()
        try run(transfer, of: "\(contents.generation)", from: sources(plan))
        let taken = BootClock.milliseconds() - start
        memory.sample()
        let progress = transfer.progress
        let fetched = progress.totalBytes - progress.cachedBytes
        let text =
            "assembled \(contents.generation): \(megabytes(progress.totalBytes)) in \(seconds(taken)),"
            + (cache == nil ? "" : " \(megabytes(fetched)) fetched and the rest from the cache disk,")
            + " \(PeakMemory.text(memory.peak)), \(mebibytes(memory.atStart)) of it before"
        console.line(text)
        session.report(
            AgentReport(kind: .progress, bytes: fetched, milliseconds: taken, percent: 100, detail: text))
    }

    /// Runs a transfer and tells of it: progress about twice a second to the server, a line every two seconds.
    /// - Parameter part: what it is to an install.
    mutating func run(
        _ transfer: CapsuleTransfer, of what: String, from servers: [ServerURL], as part: InstallPart? = nil
    ) throws(StepFailure) {
        console.line("fetching \(what), \(megabytes(transfer.progress.totalBytes - transfer.progress.presentBytes))")
        var lastLine = BootClock.milliseconds()
        var lastPercent = -1
        do throws(TransferFailure) {
            try transfer.run(from: servers, token: session.api.token, memory: memory) { progress, events in
                for event in events { session.tell(event) }
                let now = BootClock.milliseconds()
                let detail =
                    "fetching \(what): \(megabytes(progress.presentBytes)) of \(megabytes(progress.totalBytes))"
                if now - lastLine >= 2_000 {
                    lastLine = now
                    console.line("\(detail), \(progress.percent) %")
                }
                if progress.percent != lastPercent {
                    lastPercent = progress.percent
                    session.report(
                        AgentReport(
                            kind: .progress, bytes: progress.presentBytes,
                            percent: part?.percent(progress.percent) ?? progress.percent,
                            detail: (part?.status.mark ?? "") + detail),
                        transient: true)
                } else {
                    session.flush()
                }
            }
        } catch {
            throw StepFailure(.transfer, error)
        }
    }
}
