internal import BootMachine
internal import BootProtocols
internal import CapsuleFormat
internal import PacketIO

extension StageOne {
    /// Starts the capsule's kernel with this agent as its init. It happens before anything of the root is fetched,
    /// so that an image is never in memory twice. Returns only by throwing.
    mutating func startKernel(of contents: CapsuleContents, _ plan: Plan) throws(StepFailure) {
        let release = contents.manifest.kernelRelease
        let commandLine = Kexec.commandLine(
            of: contents.manifest.kernelCommandLine,
            console: KernelCommandLine(SmallFile.text("/proc/cmdline") ?? "").consoleSettings)
        let initramfs = try makeInitramfs(contents)
        let kernel = try makeMemoryFile("kernel")
        let streams: [ChunkedStream]
        do throws(CapsuleProblem) {
            streams = try contents.streams([.kernel, .initramfs])
        } catch {
            throw StepFailure(.capsule, error)
        }
        let transfer = CapsuleTransfer(
            streams, into: [kernel, initramfs], cache: cache, pace: TransferPace(bytesPerSecond: plan.bytesPerSecond))
        try run(transfer, of: "kernel \(release) of \(contents.generation)", from: sources(plan))
        do throws(HandoffProblem) {
            try Kexec.load(kernel: kernel, initramfs: initramfs, commandLine: commandLine)
            console.line("kexec into \(release) with '\(commandLine)'")
            session.report(AgentReport(kind: .progress, detail: "kexec into \(release)"))
            session.deliver(within: 5_000)
            leaveNetwork()
            cache = nil
            CacheDisk.close(console: console)
            try Kexec.execute()
        } catch {
            throw StepFailure(.handoff, error)
        }
    }

    /// A card that still receives would write into the next kernel's memory. Should the kexec fail, the network is
    /// brought up anew.
    mutating func leaveNetwork() {
        guard let name = network?.interface.name else { return }
        network = nil
        do throws(SystemError) {
            try InterfaceSetup.setUp(name, false)
        } catch {
            console.line("\(name) stays on over the kexec: \(error)")
        }
    }

    /// A file in memory that begins with this agent, its keys and its settings, and has the capsule's modules to
    /// come behind them.
    private func makeInitramfs(_ contents: CapsuleContents) throws(StepFailure) -> StreamFile {
        var next = settings
        next.phase = .runtimeKernel
        next.token = session.api.token
        next.bootToken = settings.bootToken ?? settings.token
        next.layerSecret = layerKey.secret
        next.mac = network?.mac ?? settings.mac
        next.kernelDigest = contents.manifest.stream(.kernel)?.sha256.hex
        let archive: [UInt8]
        do throws(HandoffProblem) {
            archive = try BootArchive.make(
                agent: try ownExecutable(), keys: trusted.files, settings: next, head: contents.head)
        } catch {
            throw StepFailure(.handoff, error)
        }
        let file = try makeMemoryFile("initramfs", base: Int64(archive.count))
        do throws(SystemError) {
            try file.descriptor.writeAll(archive.span.bytes)
        } catch {
            throw StepFailure(.handoff, HandoffProblem.system("writing the initramfs", error))
        }
        return file
    }

    private func ownExecutable() throws(HandoffProblem) -> [UInt8] {
        do throws(SystemError) {
            return try SmallFile.read("/proc/self/exe", limit: 256 << 20)
        } catch {
            throw .system("reading this agent", error)
        }
    }

    private func makeMemoryFile(_ name: String, base: Int64 = 0) throws(StepFailure) -> StreamFile {
        do throws(SystemError) {
            return try Kexec.memoryFile(name, base: base)
        } catch {
            throw StepFailure(.handoff, HandoffProblem.system("memory for the \(name)", error))
        }
    }

    /// Mounts the root, leaves there what stage 2 needs, and becomes its init. Returns only by throwing.
    mutating func handOver(_ contents: CapsuleContents, _ plan: Plan) throws(StepFailure) {
        guard assembly != nil, let network else { return }
        let own = try fetchLayer(mac: network.mac)
        let initPath: String
        try makeRoot(contents)
        do throws(RootProblem) {
            try RootAssembly.personalise(name: plan.nodeName, resolver: network.lease.resolverLines)
            try LayerFiles.apply(own, to: RootAssembly.newRoot)
            initPath = try RootAssembly.findInit()
        } catch {
            throw StepFailure(.root, error)
        }
        try runHandoffScripts(contents, own: own, nodeName: plan.nodeName)
        var next = StageTwoSettings(
            servers: settings.servers, token: session.api.token, nodeName: plan.nodeName,
            capsule: "\(contents.generation)", content: contents.manifest.index.sha256.hex,
            intervalSeconds: min(max(plan.waitSeconds, 5), 3600),
            interface: network.interface.name, lease: network.lease, undelivered: [],
            scripts: ScriptRun.scripts(of: contents.manifest.settings, own: own, at: .ready))
        do throws(SystemError) {
            try StageTwoFiles.leaveAgent()
            try LeftImages.leave(contents.head, keys: trusted)
            if RootAssembly.hasSystemd { try StageTwoFiles.addSystemdUnit() }
        } catch {
            throw StepFailure(.handoff, error)
        }
        if !own.files.isEmpty { console.line("\(own.files.count) files of this node's own are in place") }
        let text = "handing over to \(initPath) of \(contents.generation)"
        console.line(text)
        session.report(AgentReport(kind: .handingOff, detail: text, hardware: survey.news()))
        session.deliver(within: 5_000)
        next.undelivered = session.undelivered
        do throws(HandoffProblem) {
            try StageTwoFiles.write(next)
        } catch {
            throw StepFailure(.handoff, error)
        }
        LeftImages.moveMounts(console: console)
        do throws(SystemError) {
            try SwitchRoot.execute(newRoot: RootAssembly.newRoot, initPath: initPath)
        } catch {
            throw StepFailure(.handoff, error)
        }
    }

    /// What the server has for this node alone: nothing, or files that it encrypted for this boot attempt.
    mutating func fetchLayer(mac: MACAddress) throws(StepFailure) -> NodeLayer {
        let sealed: SealedLayer?
        do throws(NodeAPIError) {
            sealed = try session.api.layer(of: mac)
        } catch {
            throw StepFailure(.root, error)
        }
        do throws(LayerError) {
            guard let sealed else { return try NodeLayer([]) }
            let recipient = SealedLayer.Recipient(attempt: settings.attempt ?? 0, mac: mac.description)
            return try sealed.open(for: recipient, with: layerKey, trusting: trusted.keys)
        } catch {
            throw StepFailure(.root, error)
        }
    }
}
