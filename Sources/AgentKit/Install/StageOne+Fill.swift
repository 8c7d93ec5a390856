internal import BootMachine
internal import CapsuleFormat
internal import DiskLayout
internal import Glibc
internal import PacketIO

// The middle of an install: from empty file systems to a system that starts from them.

extension StageOne {
    /// Streams the images to the new root and copies what is in them out of them.
    mutating func fill(_ run: DiskInstall, _ job: InstallJob) throws(StepFailure) {
        stop(before: .fetch, job)
        let contents = job.contents
        // Now: before, it may have been on a disk that was made anew; and this layout may have made one.
        openCache(job.plan)
        let start = BootClock.milliseconds()
        let images: DiskImages
        do throws(CapsuleProblem) {
            images = try DiskImages.begin(contents, job.plan, cache: cache, trusting: trusted.keys)
        } catch {
            throw StepFailure(.capsule, error)
        }
        tell(InstallPart.imaging.percents.lowerBound, .imaging, "beginning with \(contents.generation)")
        try self.run(images.transfer, of: "\(contents.generation)", from: sources(job.plan), as: .imaging)
        memory.sample()
        // An install that is cut off from here on has them the next time.
        if cache != nil { sync() }
        let taken = max(1, BootClock.milliseconds() - start)
        let progress = images.transfer.progress
        let bytes = progress.totalBytes
        let origin =
            progress.cachedBytes == 0 ? "" : ", \(megabytes(bytes - progress.cachedBytes)) of it over the network"
        tell(
            50, .imaging,
            "transferred \(megabytes(bytes)) in \(seconds(taken)), \(megabytes(bytes * 1000 / taken)) a second\(origin)"
        )
        stop(before: .extract, job)
        do throws(RootProblem) {
            let recipe = try RootRecipe(contents.manifest)
            if recipe.image == .erofs { modules.load(named: recipe.image.rawValue) }
            try RootAssembly.mountLayers(
                root: .file(images.root), as: recipe.image, modules: images.modules.map { .file($0) })
            try extract(contents)
            try RootAssembly.releaseImages()
        } catch {
            throw StepFailure(.root, error)
        }
        do throws(SystemError) {
            try DiskImages.remove(contents)
        } catch {
            throw StepFailure(.root, InstallProblem.system("removing the images", error))
        }
    }

    private mutating func extract(_ contents: CapsuleContents) throws(RootProblem) {
        let start = BootClock.milliseconds()
        tell(InstallPart.extracting.percents.lowerBound, .extracting, "extracting \(contents.generation)")
        var last = start
        let total = max(1, RootAssembly.layersSize)
        let tally = try RootAssembly.copyLayers(to: InstallTarget.root) { tally in
            let now = BootClock.milliseconds()
            guard now - last >= 2_000 else { return }
            last = now
            memory.sample()
            let percent = InstallPart.extracting.percent(Int(min(tally.bytes * 100 / total, 100)))
            let text = "\(tally.entries) entries, \(megabytes(tally.bytes))"
            console.line("install \(percent) %: extracting, \(text)")
            session.report(
                AgentReport(
                    kind: .progress, bytes: tally.bytes, percent: percent,
                    detail: InstallStatus.extracting.mark + text), transient: true)
        }
        memory.sample()
        let taken = max(1, BootClock.milliseconds() - start)
        tell(
            90, .extracting,
            "extracted \(tally.entries) entries, \(megabytes(tally.bytes)) in \(seconds(taken)),"
                + " \(megabytes(tally.bytes * 1000 / taken)) a second, \(PeakMemory.text(memory.peak))")
    }

    /// Makes the new root this node's, and starts it from its disk.
    mutating func makeBootable(_ run: DiskInstall, _ job: InstallJob) throws(StepFailure) -> LoaderSetup {
        stop(before: .personalise, job)
        try personalise(run, job)
        stop(before: .loader, job)
        let console = KernelCommandLine(SmallFile.text("/proc/cmdline") ?? "").consoleSettings
        let loader = run.loader(job.contents, console: console)
        tell(94, .finalizing, "kernel \(loader.kernelRelease) and boot loader")
        let files: [StreamFile]
        do throws(InstallProblem) {
            files = try run.bootFiles(loader, keys: trusted.files, console: console)
        } catch {
            throw StepFailure(.install, error)
        }
        memory.sample()
        let streams: [ChunkedStream]
        do throws(CapsuleProblem) {
            streams = try job.contents.streams([.kernel, .initramfs])
        } catch {
            throw StepFailure(.capsule, error)
        }
        let transfer = CapsuleTransfer(
            streams, into: files, cache: cache, pace: TransferPace(bytesPerSecond: job.plan.bytesPerSecond))
        try self.run(transfer, of: "kernel \(loader.kernelRelease)", from: sources(job.plan), as: .kernel)
        do throws(InstallProblem) {
            try run.install(loader) { modules.load(named: $0) }
        } catch {
            throw StepFailure(.install, error)
        }
        return loader
    }

    private mutating func personalise(_ run: DiskInstall, _ job: InstallJob) throws(StepFailure) {
        tell(91, .finalizing, "making it \(job.plan.nodeName)")
        do throws(InstallProblem) {
            try run.personalise(
                job.contents, job.plan, mac: job.mac, servers: settings.servers,
                resolver: network?.lease.resolverLines ?? [])
        } catch {
            throw StepFailure(.install, error)
        }
        let early = NodeScript.directory(of: .preInstall)
        do throws(RootProblem) {
            try LayerFiles.apply(job.own, to: InstallTarget.root) { !$0.hasPrefix(early) }
        } catch {
            throw StepFailure(.root, error)
        }
        try runHandoffScripts(
            job.contents, own: job.own, nodeName: job.plan.nodeName, in: InstallTarget.root)
    }
}
