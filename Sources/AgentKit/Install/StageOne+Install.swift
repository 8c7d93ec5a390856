internal import BootMachine
internal import BootProtocols
internal import CLinux
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
        defer { signal(SIGCHLD, SIG_IGN) }
        let order = try openOrder(plan)
        let contents = try fetchContents(plan)
        tell(1, "install \(order.number) of \(contents.generation): looking at the disks")
        let run: DiskInstall
        do throws(InstallProblem) {
            let tools = try InstallTools.bringUp(from: sources(plan))
            loadDiskModules(order.layout)
            run = try DiskInstall.prepare(order, tools: tools)
            DiskInstall.limitDirtyPages()
        } catch {
            throw StepFailure(.install, error)
        }
        try makeDisks(run)
        try fill(run, contents, plan)
        try makeBootable(run, contents, plan)
        do throws(InstallProblem) {
            tell(98, "unmounting")
            try InstallTarget.unmount(run.work)
        } catch {
            throw StepFailure(.install, error)
        }
        try finish(order, contents)
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

    private mutating func makeDisks(_ run: DiskInstall) throws(StepFailure) {
        let commands = run.work.commands
        do throws(InstallProblem) {
            for (number, command) in commands.enumerated() {
                tell(2 + number * 8 / max(1, commands.count), "\(command.step.rawValue): \(command.title)")
                try run.tools.run(command)
            }
            tell(10, "mounting \(run.work.mounts.map(\.mountPoint).joined(separator: " "))")
            // FAT has its names in tables of their own.
            for name in ["nls_cp437", "nls_ascii", "nls_iso8859_1"]
            where run.work.mounts.contains(where: { $0.kind == .vfat }) {
                modules.load(named: name)
            }
            try InstallTarget.mount(run.work) { modules.load(named: $0) }
        } catch {
            throw StepFailure(.install, error)
        }
    }

    /// Streams the images to the new root and copies what is in them out of them.
    private mutating func fill(_ run: DiskInstall, _ contents: CapsuleContents, _ plan: Plan) throws(StepFailure) {
        let start = BootClock.milliseconds()
        let images: DiskImages
        do throws(CapsuleProblem) {
            images = try DiskImages.begin(contents, plan)
        } catch {
            throw StepFailure(.capsule, error)
        }
        try self.run(images.transfer, of: "\(contents.generation)", from: sources(plan))
        memory.sample()
        let taken = max(1, BootClock.milliseconds() - start)
        let bytes = images.transfer.progress.totalBytes
        tell(50, "transferred \(megabytes(bytes)) in \(seconds(taken)), \(megabytes(bytes * 1000 / taken)) a second")
        do throws(RootProblem) {
            let recipe = try RootRecipe(contents.manifest)
            if recipe.image == .erofs { modules.load(named: recipe.image.rawValue) }
            try RootAssembly.mountLayers(root: images.root, as: recipe.image, modules: images.modules)
            try copy(contents)
            try RootAssembly.releaseImages()
        } catch {
            throw StepFailure(.root, error)
        }
        do throws(SystemError) {
            try DiskImages.remove()
        } catch {
            throw StepFailure(.root, InstallProblem.system("removing the images", error))
        }
    }

    private mutating func copy(_ contents: CapsuleContents) throws(RootProblem) {
        let start = BootClock.milliseconds()
        tell(51, "extracting \(contents.generation)")
        var last = start
        let total = max(1, RootAssembly.layersSize)
        // What the closure cannot do itself: it may not take this value along.
        var said: (percent: Int, text: String)?
        let console = console
        let tally = try RootAssembly.copyLayers(to: InstallTarget.root) { tally in
            let now = BootClock.milliseconds()
            guard now - last >= 2_000 else { return }
            last = now
            let percent = 51 + Int(min(tally.bytes * 38 / total, 38))
            said = (percent, "extracting: \(tally.entries) entries, \(megabytes(tally.bytes))")
            console.line("\(said?.text ?? ""), \(percent) %")
        }
        memory.sample()
        let taken = max(1, BootClock.milliseconds() - start)
        tell(
            90,
            "extracted \(tally.entries) entries, \(megabytes(tally.bytes)) in \(seconds(taken)),"
                + " \(megabytes(tally.bytes * 1000 / taken)) a second, \(PeakMemory.text(memory.peak))")
    }

    private mutating func makeBootable(
        _ run: DiskInstall, _ contents: CapsuleContents, _ plan: Plan
    ) throws(StepFailure) {
        guard let network else { return }
        tell(91, "making it \(plan.nodeName)")
        let own = try fetchLayer(mac: network.mac)
        do throws(InstallProblem) {
            try run.personalise(
                contents, plan, mac: network.mac, servers: settings.servers,
                resolver: network.lease.resolverLines)
        } catch {
            throw StepFailure(.install, error)
        }
        do throws(RootProblem) {
            try LayerFiles.apply(own, to: InstallTarget.root)
        } catch {
            throw StepFailure(.root, error)
        }
        try runHandoffScripts(contents, own: own, nodeName: plan.nodeName, in: InstallTarget.root)
        let loader = run.loader(
            contents, console: KernelCommandLine(SmallFile.text("/proc/cmdline") ?? "").consoleSettings)
        tell(94, "kernel \(loader.kernelRelease) and boot loader")
        let files = try bootFiles(loader, run)
        let streams: [ChunkedStream]
        do throws(CapsuleProblem) {
            streams = try contents.streams([.kernel, .initramfs])
        } catch {
            throw StepFailure(.capsule, error)
        }
        let transfer = CapsuleTransfer(streams, into: files, pace: TransferPace(bytesPerSecond: plan.bytesPerSecond))
        try self.run(transfer, of: "kernel \(loader.kernelRelease)", from: sources(plan))
        do throws(InstallProblem) {
            try run.install(loader) { modules.load(named: $0) }
        } catch {
            throw StepFailure(.install, error)
        }
    }

    private func bootFiles(_ loader: LoaderSetup, _ run: DiskInstall) throws(StepFailure) -> [StreamFile] {
        do throws(InstallProblem) {
            let archive = try InstalledArchive.make(
                agent: try DiskInstall.ownExecutable(), keys: trusted.files, boot: run.localBoot, tools: run.tools,
                programs: InstalledArchive.programs(for: run.work))
            return try run.bootFiles(loader, archive: archive)
        } catch {
            throw StepFailure(.install, error)
        }
    }

    /// Tells the server, which from then on has the node boot from its disk, and does what is to come afterwards.
    private mutating func finish(_ order: InstallOrder, _ contents: CapsuleContents) throws(StepFailure) {
        let text = "installed \(contents.generation), \(PeakMemory.text(memory.peak))"
        console.line(text)
        session.report(
            AgentReport(
                kind: .installed, percent: 100, detail: text, capsule: "\(contents.generation)",
                content: contents.manifest.index.sha256.hex, install: order.number))
        // Without it the next boot would install again.
        session.deliver(within: 600_000)
        guard session.undelivered.isEmpty else {
            throw StepFailure(.install, InstallProblem.order("the server could not be told that it is done"))
        }
        sync()
        do throws(SystemError) {
            switch order.afterwards {
            case .reboot: try systemCall("reboot", "restart") { perseid_reboot(0x0123_4567) }
            case .shutdown: try systemCall("reboot", "power off") { perseid_reboot(0x4321_fedc) }
            }
        } catch {
            throw StepFailure(.install, InstallProblem.system("restarting", error))
        }
        // The call ends with the machine.
        BootClock.sleep(milliseconds: 600_000)
    }

    private mutating func tell(_ percent: Int, _ text: String) {
        console.line("install \(percent) %: \(text)")
        session.report(AgentReport(kind: .progress, percent: percent, detail: text))
    }
}
