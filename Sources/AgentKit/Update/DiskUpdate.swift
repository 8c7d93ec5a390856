package import BootMachine
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Brings what is on the disk of a machine that runs to a generation: the image's pass, and then the node's own files.
///
/// The new images come to the disk, never to memory; they are mounted and compared with the root that runs; `UpdateScope`
/// says whose a path is. What fails before the first change leaves everything as it was, and what is cut off leaves each
/// file old or new: the same update again finishes it.
package struct DiskUpdate {
    /// Where the images are fetched to. What an update that was cut off, or a dry run, left here is gone on with.
    private static let room = "/var/lib/perseid/update"
    private static let trees = "\(StageTwoSettings.directory)/update"
    private static let tree = "\(trees)/joined"
    private static let mountPoints = ["\(trees)/root", "\(trees)/modules", tree]
    /// What a reboot is due for; gone with it.
    private static let duePath = "\(StageTwoSettings.directory)/reboot-due"
    /// Free space that is left to the system, in bytes.
    private static let margin: Int64 = 16 << 20

    let settings: StageTwoSettings
    let console: Console
    /// Of this start of the machine: orders and files are for it alone.
    let attempt: Int64
    let key: LayerKey

    /// Runs to the end.
    /// - Parameter tell: called on this thread.
    package func run(
        _ work: AgentWork, through api: inout NodeAPI, tell: (SyncProgress) -> Void
    ) throws(StepFailure) -> SyncOutcome {
        guard let mac = settings.installedMAC else { throw StepFailure(.update, UpdateProblem.notOnDisk) }
        let trusted = TrustedKeyring.read(from: LeftImages.trusted)
        let job = try takeOrder(work, mac: mac, trusting: trusted, through: &api)
        let contents: CapsuleContents
        do throws(CapsuleProblem) {
            contents = try CapsuleContents.fetch(job.order.capsule, through: &api, trusting: trusted.keys)
        } catch {
            throw StepFailure(.capsule, error)
        }
        defer { SyncImage.unmount(Self.mountPoints) }
        do throws(UpdateProblem) {
            try Self.requireMachine(contents.manifest)
            let mounts = MountTable.now()
            let kernel = try InstalledKernel(for: contents, mounts: mounts)
            let fetched = try bring(contents, kernel, trusting: trusted, token: api.token, tell: tell)
            tell(SyncProgress("comparing \(contents.generation) with what is on the disk"))
            let plan = try plan(job, kernel, mounts)
            tellAll(plan, of: work, through: &api)
            if job.order.isDryRun {
                return outcome(contents, isWhole: true, "\(plan.summary()); \(megabytes(fetched)) fetched")
            }
            try requireRoom(for: plan)
            try runScripts(.preUpdate, job, contents, tell: tell)
            return try carryOut(plan, job, contents, kernel, fetched: fetched, tell: tell)
        } catch {
            throw StepFailure(.update, error)
        }
    }

    private func outcome(_ contents: CapsuleContents, isWhole: Bool, _ summary: String) -> SyncOutcome {
        SyncOutcome(
            capsule: "\(contents.generation)", content: contents.manifest.index.sha256.hex, isWhole: isWhole,
            summary: summary)
    }

    /// Makes the changes of a plan, and writes down what the machine has then.
    private func carryOut(
        _ plan: UpdatePlan, _ job: UpdateJob, _ contents: CapsuleContents, _ kernel: InstalledKernel, fetched: Int64,
        tell: (SyncProgress) -> Void
    ) throws(UpdateProblem) -> SyncOutcome {
        tell(SyncProgress("making \(plan.changes.count) changes"))
        let due = plan.reboot.map { "\($0.reason)\n" }.joined()
        do throws(SystemError) {
            try SmallFile.replace(Self.duePath, with: Array(due.utf8), permissions: 0o600)
        } catch {
            console.line("the next update will not know what a reboot is due for: \(error)")
        }
        let made = TreeUpdate.run(plan.changes, from: Self.tree, isDurable: true)
        var failed = made.failed
        if made.isFull {
            failed.append(
                "the disk is full: \(made.made.count) of \(plan.changes.count) changes were made, each file is old or new"
            )
        }
        guard failed.isEmpty else {
            let text = "\(plan.summary(done: made.made)); failed: \(failed.joined(separator: "; "))"
            return outcome(contents, isWhole: false, text)
        }
        tell(SyncProgress("writing the node's own files"))
        do throws(RootProblem) {
            let wanted = Set(plan.own)
            try LayerFiles.apply(job.own, to: "/") { wanted.contains($0) }
        } catch {
            throw .order("\(error); the image's files are there already, and the update can be said again")
        }
        try kernel.install(from: Self.room)
        try record(contents)
        SyncImage.unmount(Self.mountPoints)
        KeptImages.keep(contents, from: Self.room)
        Self.clear()
        sync()
        try runScripts(.postUpdate, job, contents, tell: tell)
        return outcome(contents, isWhole: plan.blocked.isEmpty, "\(plan.summary()); \(megabytes(fetched)) fetched")
    }

    /// What this machine says that it runs from its next start on.
    private func record(_ contents: CapsuleContents) throws(UpdateProblem) {
        do throws(SystemError) {
            let bytes = try SmallFile.read(InstalledMachine.path, limit: 1 << 16)
            let json: [UInt8]
            do throws(JSONError) {
                var machine = try JSONBytes.decode(InstalledMachine.self, from: bytes)
                machine.capsule = "\(contents.generation)"
                machine.content = contents.manifest.index.sha256.hex
                json = try JSONBytes.encode(machine)
            } catch {
                throw SystemError(call: "read", code: EINVAL, context: "\(InstalledMachine.path): \(error)")
            }
            try SmallFile.replace(InstalledMachine.path, with: json, permissions: 0o600, durably: true)
        } catch {
            throw .system("writing down what is on the disk", error)
        }
    }

    private static func clear() {
        for name in SmallFile.names(in: room) { _ = unlink("\(room)/\(name)") }
        _ = rmdir(room)
    }

    // MARK: - The order

    private func takeOrder(
        _ work: AgentWork, mac: String, trusting trusted: TrustedKeyring, through api: inout NodeAPI
    ) throws(StepFailure) -> UpdateJob {
        let reply: UpdateReply
        do throws(NodeAPIError) {
            reply = try api.updateOrder(UpdateRequest(id: work.id, layerKey: key.publicKey))
        } catch {
            throw StepFailure(.update, error)
        }
        do throws(UpdateProblem) {
            return try UpdateJob(
                reply, for: work, recipient: SealedLayer.Recipient(attempt: attempt, mac: mac), key: key,
                trusting: trusted.keys)
        } catch {
            throw StepFailure(.update, error)
        }
    }

    private static func requireMachine(_ manifest: CapsuleManifest) throws(UpdateProblem) {
        var name = utsname()
        guard uname(&name) == 0 else { return }
        let machine = withUnsafeBytes(of: &name.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard machine == manifest.arch else {
            throw .otherMachine(manifest.reference, wants: manifest.arch, is: machine)
        }
    }

    // MARK: - Scripts

    /// Runs the node's scripts of a stage in the system that runs.
    private func runScripts(
        _ stage: NodeScript.Stage, _ job: UpdateJob, _ contents: CapsuleContents, tell: (SyncProgress) -> Void
    ) throws(UpdateProblem) {
        let scripts = ScriptRun.scripts(of: nil, own: job.own, at: stage)
        guard !scripts.isEmpty else { return }
        let directory = NodeScript.directory(of: stage)
        let run = ScriptRun(nodeName: settings.nodeName, capsule: "\(contents.generation)", root: "/")
        do throws(RootProblem) {
            try LayerFiles.apply(job.own, to: "/") { $0.hasPrefix(directory) }
        } catch {
            throw .order(error.description)
        }
        for script in scripts {
            let name = "script \(stage.rawValue)/\(script.name)"
            do throws(ScriptProblem) {
                let ending = try run.run(script)
                let lines = ending.lastLines.isEmpty ? "" : "; its last lines: \(ending.lastLines)"
                tell(SyncProgress("\(name) ended with status 0\(lines)", isLasting: true))
            } catch {
                throw .order(
                    stage == .preUpdate ? "nothing was changed: \(error)" : "everything is on the disk, but \(error)")
            }
        }
    }

    // MARK: - The new trees

    /// Fetches and mounts the images.
    /// - Returns: the bytes that came over the network.
    private func bring(
        _ contents: CapsuleContents, _ kernel: InstalledKernel, trusting trusted: TrustedKeyring, token: String,
        tell: (SyncProgress) -> Void
    ) throws(UpdateProblem) -> Int64 {
        SyncImage.unmount(Self.mountPoints)
        let roles = [StreamRole.root, .modules] + (kernel.needsFiles ? [.kernel, .initramfs] : [])
        let streams = roles.compactMap { ChunkedStream($0, of: contents.index) }
        tell(SyncProgress("taking what is here already of \(contents.generation)"))
        let transfer = try makeRoom(for: streams, trusting: trusted.keys)
        do throws(StepFailure) {
            try SyncImage.fetch(transfer, of: contents.generation, from: settings.servers, token: token, tell: tell)
        } catch {
            throw .order(error.reason)
        }
        var modules = ModuleLoader(
            release: SmallFile.text("/proc/sys/kernel/osrelease") ?? "", console: console)
        do throws(RootProblem) {
            let type = try RootRecipe(contents.manifest).image
            for name in ["loop", "squashfs", "overlay"] + (type == .erofs ? ["erofs"] : []) {
                modules.load(named: name)
            }
            do throws(SystemError) {
                try mount(type, hasModules: streams.contains { $0.role == .modules })
            } catch {
                throw .system("mounting the images of \(contents.generation)", error)
            }
        } catch {
            throw .order(error.description)
        }
        return transfer.progress.totalBytes - transfer.progress.cachedBytes
    }

    private func mount(_ type: RootRecipe.ImageType, hasModules: Bool) throws(SystemError) {
        try SyncImage.mount("\(Self.room)/root.image", as: type, on: "\(Self.trees)/root")
        guard hasModules else { return try FileSystems.bind("\(Self.trees)/root", to: Self.tree) }
        try SyncImage.mount("\(Self.room)/modules.image", as: .squashfs, on: "\(Self.trees)/modules")
        try FileSystems.mount(
            "perseid", on: Self.tree, type: "overlay", flags: Int(MS_RDONLY),
            options: "lowerdir=\(Self.trees)/modules:\(Self.trees)/root")
    }

    /// Makes the files for streams, with their room on the disk, and with all that is here of them.
    private func makeRoom(
        for streams: [ChunkedStream], trusting keys: TrustedKeys
    ) throws(UpdateProblem) -> CapsuleTransfer {
        let needed = streams.reduce(Self.margin) { $0 + $1.size }
        do throws(SystemError) {
            try SmallFile.makeDirectory(Self.room, permissions: 0o700)
            var files: [StreamFile] = []
            for stream in streams { files.append(try Self.file(for: stream)) }
            let transfer = CapsuleTransfer(streams, into: files)
            try transfer.resume()
            KeptImages.adopt(into: transfer, trusting: keys)
            return transfer
        } catch {
            guard [ENOSPC, EDQUOT].contains(error.code) else { throw .system("room for the images", error) }
        }
        Self.clear()
        // What only saves time goes first.
        if KeptImages.remove() { return try makeRoom(for: streams, trusting: keys) }
        throw .noRoom("/var/lib/perseid", needs: needed, available: DiskRoom.free(at: "/var/lib/perseid"))
    }

    private static func file(for stream: ChunkedStream) throws(SystemError) -> StreamFile {
        let path = "\(room)/\(stream.role.rawValue).image"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, permissions: 0o600)
        try systemCall("ftruncate", path) { ftruncate(file.raw, off_t(stream.size)) }
        // It gives its error, and not errno.
        let code = posix_fallocate(file.raw, 0, off_t(stream.size))
        guard code == 0 else { throw SystemError(call: "posix_fallocate", code: code, context: path) }
        return StreamFile(path, owning: file)
    }

    // MARK: - The plan

    private func plan(
        _ job: UpdateJob, _ kernel: InstalledKernel, _ mounts: MountTable
    ) throws(UpdateProblem) -> UpdatePlan {
        let scope = UpdateScope(
            excludes: job.excludes, own: Set(job.own.files.map(\.path)), mounts: mounts,
            release: SmallFile.text("/proc/sys/kernel/osrelease") ?? "",
            names: { SmallFile.names(in: Self.tree + $0) })
        var excluded: [String] = []
        let difference: TreeDifference
        do throws(SystemError) {
            difference = try TreeDifference.between("", Self.tree) { path, isDirectory in
                if scope.isExcluded(path, isDirectory: isDirectory) { excluded.append(path) }
                return scope.owner(of: path, isDirectory: isDirectory)
            }
        } catch {
            throw .system("comparing with what is on the disk", error)
        }
        let own = job.own.files.filter { file in
            // An update's own scripts are written when they run.
            let isScript = [NodeScript.Stage.preUpdate, .postUpdate].contains {
                file.path.hasPrefix(NodeScript.directory(of: $0))
            }
            return !isScript && !LayerFiles.isThere(file, below: "")
                && !scope.isExcluded(file.path, isDirectory: false)
        }
        var plan = UpdatePlan(
            difference, own: own.map(\.path), boot: kernel.changes, excluded: excluded,
            bytes: Self.sizes(of: difference.changes).reduce(0) { $0 + $1.size }, inUse: MappedFiles.now())
        if let reason = kernel.rebootReason { plan.needsReboot(for: reason) }
        // Due since an update before this one.
        for reason in (SmallFile.text(Self.duePath) ?? "").split(separator: "\n") {
            plan.needsReboot(for: String(reason))
        }
        return plan
    }

    /// Of the regular files that are written, with their paths.
    private static func sizes(of changes: [TreeDifference.Change]) -> [(path: String, size: Int64)] {
        changes.compactMap { change in
            guard change.kind != .removed, let entry = TreeDifference.Entry(there: tree + change.path), entry.isFile
            else { return nil }
            return (change.path, Int64(entry.status.st_size))
        }
    }

    /// Room for all that is new beside all that is old, on each file system: what goes away goes last.
    private func requireRoom(for plan: UpdatePlan) throws(UpdateProblem) {
        var needs: [UInt: (place: String, bytes: Int64)] = [:]
        for (path, size) in Self.sizes(of: plan.changes) {
            var place = path
            var found = stat()
            repeat {
                place = String(place[..<(place.lastIndex(of: "/") ?? place.startIndex)])
            } while !place.isEmpty && lstat(place, &found) != 0
            if place.isEmpty, lstat("/", &found) != 0 { continue }
            let old = TreeDifference.Entry(there: path).map { Int64($0.status.st_size) } ?? 0
            // Blocks are 4 KiB.
            needs[UInt(found.st_dev), default: (place.isEmpty ? "/" : place, 0)].bytes += max(0, size - old) + 4096
        }
        for (place, bytes) in needs.values {
            let available = DiskRoom.free(at: place)
            // A batch is there twice for a moment.
            let needed = bytes + 2 * Self.margin + (plan.bytes > Self.margin ? 2 * Self.margin : plan.bytes)
            guard available >= needed else { throw .noRoom(place, needs: needed, available: available) }
        }
    }

    /// Gives the server the whole list; an update does not fail for it.
    private func tellAll(_ plan: UpdatePlan, of work: AgentWork, through api: inout NodeAPI) {
        var part = 0
        var rest = plan.lines[...]
        repeat {
            var bytes = 0
            let lines = rest.prefix { line in
                bytes += line.utf8.count + 8
                return bytes <= UpdateOrder.partLimit
            }
            rest = rest.dropFirst(max(1, lines.count))
            do throws(NodeAPIError) {
                try api.tell(UpdateChanges(id: work.id, part: part, lines: Array(lines)))
            } catch {
                console.line("the list of changes was not told: \(error)")
                return
            }
            part += 1
        } while !rest.isEmpty && part < UpdateOrder.parts
    }
}
