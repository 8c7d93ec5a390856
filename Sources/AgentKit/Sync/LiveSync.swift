internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Moves a running node to another generation's files, as far as that is safe while it runs.
///
/// The new root image is brought into memory beside the one that runs, chunks that both have out of that one; the two
/// trees are compared, `SyncPlan` decides what becomes of each difference, and the new image is let go again.
package struct LiveSync {
    /// In memory, for as long as a sync goes on.
    private static let room = "\(StageTwoSettings.directory)/sync"
    private static let newTree = "\(room)/root"
    /// The paths that earlier syncs wrote: they are in the layer of the node's writes, and not the node's own.
    private static let writtenPath = "\(StageTwoSettings.directory)/synced"

    let settings: StageTwoSettings
    let console: Console

    /// Runs to the end. What fails before the first change leaves the node as it was.
    /// - Parameter tell: called on this thread.
    package func run(
        to capsule: String, through api: inout NodeAPI, tell: (SyncProgress) -> Void
    ) throws(StepFailure) -> SyncOutcome {
        guard settings.installedMAC == nil else {
            throw StepFailure(.root, UpdateProblem.onDisk)
        }
        let trusted = TrustedKeyring.read(from: LeftImages.trusted)
        let contents: CapsuleContents
        let running: CapsuleContents
        do throws(CapsuleProblem) {
            guard let head = CapsuleHead.handedOver(in: LeftImages.head),
                let generation = CapsuleGeneration(settings.booted)
            else { throw .badName(settings.booted) }
            running = try CapsuleContents(generation, head, trusting: trusted.keys)
            contents = try CapsuleContents.fetch(capsule, through: &api, trusting: trusted.keys)
        } catch {
            throw StepFailure(.capsule, error)
        }
        let recipe: RootRecipe
        do throws(RootProblem) {
            guard try RootRecipe(running.manifest).mode == .overlay else { throw .unpacked }
            recipe = try RootRecipe(contents.manifest)
        } catch {
            throw StepFailure(.root, error)
        }
        defer { Self.clear() }
        try bring(contents, beside: running, as: recipe.image, token: api.token, tell: tell)
        tell(SyncProgress("comparing \(contents.generation) with what runs"))
        do throws(SystemError) {
            var plan = try difference()
            if Self.kernels(contents) != Self.kernels(running) { plan.needsReboot(for: "kernel and its modules") }
            if contents.manifest.settings != running.manifest.settings {
                plan.needsReboot(for: "root mode and node scripts")
            }
            tell(SyncProgress("making \(plan.safe.count) changes"))
            let failed = update(&plan)
            let text = failed.isEmpty ? plan.summary : "\(plan.summary); failed: \(failed.joined(separator: "; "))"
            return SyncOutcome(
                capsule: "\(contents.generation)", content: contents.manifest.index.sha256.hex,
                isWhole: plan.isWhole && failed.isEmpty, summary: text)
        } catch {
            throw StepFailure(.root, error)
        }
    }

    private static func kernels(_ contents: CapsuleContents) -> [ContentDigest?] {
        [StreamRole.kernel, .initramfs, .modules].map { contents.manifest.stream($0)?.sha256 }
    }

    /// Assembles and mounts the new root.
    private func bring(
        _ contents: CapsuleContents, beside running: CapsuleContents, as type: RootRecipe.ImageType, token: String,
        tell: (SyncProgress) -> Void
    ) throws(StepFailure) {
        let streams: [ChunkedStream]
        let old: [ChunkedStream]
        do throws(CapsuleProblem) {
            streams = try contents.streams([.root])
            old = try running.streams([.root])
        } catch {
            throw StepFailure(.capsule, error)
        }
        let transfer: CapsuleTransfer
        tell(SyncProgress("taking what is here already of \(contents.generation)"))
        do throws(SystemError) {
            let size = streams.reduce(Int64(0)) { $0 + $1.size }
            let file = try makeRoom(size)
            transfer = CapsuleTransfer(streams, into: [file])
            for stream in old { try transfer.adopt(from: stream, at: LeftImages.image) }
        } catch {
            throw StepFailure(.root, error)
        }
        console.line("livesync: \(megabytes(transfer.progress.cachedBytes)) of the new image are here already")
        try SyncImage.fetch(transfer, of: contents.generation, from: settings.servers, token: token, tell: tell)
        do throws(SystemError) {
            try SyncImage.mount("\(Self.room)/image", as: type, on: Self.newTree)
        } catch {
            throw StepFailure(.root, error)
        }
    }

    private func makeRoom(_ size: Int64) throws(SystemError) -> StreamFile {
        if let memory = MemoryInfo.now(), memory.availableBytes < size + CapsuleAssembly.margin {
            throw SystemError(
                call: "livesync", code: ENOMEM,
                context: "\(mebibytes(size)) for the new image, \(mebibytes(memory.availableBytes)) available")
        }
        Self.clear()
        try FileSystems.mount(
            "sync", on: Self.room, type: "tmpfs", flags: Int(MS_NOSUID) | Int(MS_NODEV),
            options: "mode=0700,size=\((size >> 12) * 4096 + (1 << 20))")
        let path = "\(Self.room)/image"
        return StreamFile(path, owning: try FileDescriptor.open(path, O_RDWR | O_CREAT, permissions: 0o600))
    }

    private static func clear() {
        SyncImage.unmount([room, newTree])
    }

    private func difference() throws(SystemError) -> SyncPlan {
        let written = Self.written
        var changes = try TreeDifference.between(LeftImages.tree, Self.newTree).changes
        // What an earlier sync brought and this generation does not change goes back to what it was.
        let listed = Set(changes.map(\.path))
        for path in written.subtracting(listed).sorted() {
            changes.append(.init(path, SmallFile.exists(Self.newTree + path) ? .changed : .removed))
        }
        return SyncPlan(changes, inUse: MappedFiles.now()) { path in
            var found = stat()
            return !written.contains(path) && lstat(LeftImages.writes + path, &found) == 0
        }
    }

    /// Makes the safe changes.
    /// - Returns: those that failed, at most a few.
    private func update(_ plan: inout SyncPlan) -> [String] {
        let outcome = TreeUpdate.run(plan.safe, from: Self.newTree)
        let written = Self.written.union(outcome.made.map(\.path))
        let list = Array(written.sorted().joined(separator: "\0").utf8)
        if (try? SmallFile.replace(Self.writtenPath, with: list, permissions: 0o600)) == nil {
            console.line("livesync: cannot write down what was changed: the next one takes it for the node's own")
        }
        return outcome.failed
    }

    private static var written: Set<String> {
        let bytes = (try? SmallFile.read(writtenPath, limit: 64 << 20)) ?? []
        return Set(bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }
}
