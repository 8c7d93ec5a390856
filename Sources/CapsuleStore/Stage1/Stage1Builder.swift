internal import CapsuleFormat
internal import Foundation
internal import Glibc

/// Builds stage 1, the Perseid OS: a Debian kernel, and an initramfs with the agent as `/init`, the public keys it
/// trusts, and the kernel modules that an early boot needs.
///
/// ```
/// /init                               the agent, static
/// /etc/perseid/trusted/KEYID.pub      who may sign capsules
/// /etc/perseid/installer              digest and size of the image of install tools
/// /lib/modules/RELEASE/…              see `EarlyModules`
/// /dev/console /dev /proc /sys /run /tmp
/// ```
///
/// The result is `STATE/stage1/{vmlinuz,initramfs.img,installer.img,stage1.json}`, for arm64 beneath
/// `STATE/stage1.arm64` and without the image of install tools. Either is a link that changes at once, so that nobody
/// gets the kernel of one stage 1 with the initramfs of another.
public struct Stage1Builder: Sendable {
    public let store: CapsuleStore
    public let architecture: MachineArchitecture

    public init(store: CapsuleStore, architecture: MachineArchitecture = .amd64) {
        self.store = store
        self.architecture = architecture
    }

    /// - Parameters:
    ///   - source: without: the architecture's kernel for virtual machines.
    ///   - agent: the path of `perseid-agent` for this architecture, fully static.
    ///   - installer: whether it can install disks, for which Debian's packages are fetched once; not for arm64.
    /// - Throws: `CapsuleBuildError`, `.notStatic` among them.
    @discardableResult
    public func build(
        kernel source: KernelSource? = nil, agent: String, installer: Bool = true
    ) async throws(CapsuleBuildError) -> Stage1Description {
        try ElfExecutable.requireStatic(agent, for: architecture)
        do {
            try store.makeSigningKey()
            let lock = try OpenFile.locking("\(store.layout.locks)/.stage1")
            try await lock.lockPatiently()
            return try await build(source ?? architecture.cloudKernel, agent, installer && architecture == .amd64)
        } catch let error as CapsuleBuildError {
            throw error
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw Task.isCancelled ? .cancelled : .badSource(path: agent, reason: "\(error)")
        }
    }

    /// The stage 1 that is served now; nil where none was built.
    /// - Throws: `StoreError.damaged`, `.system`.
    public func current() throws(StoreError) -> Stage1Description? {
        let path = "\(store.stage1Directory(architecture))/stage1.json"
        guard DurableFiles.status(path) != nil else { return nil }
        let bytes = try DurableFiles.read(path, limit: 1 << 16)
        do {
            return try JSONDecoder().decode(Stage1Description.self, from: Data(bytes))
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    private func build(
        _ source: KernelSource, _ agent: String, _ installs: Bool
    ) async throws -> Stage1Description {
        let scratch = "\(store.layout.builds)/.stage1"
        try await Program.rm.run(["-rf", "--one-file-system", "--", scratch])
        try DurableFiles.makeDirectory("\(scratch)/files")
        var kernel = try await KernelPackage(store, architecture: architecture).kernel(from: source)
        if DurableFiles.status("\(kernel.modules)/modules.dep") == nil {
            kernel = try await ModuleTree.stage(kernel, in: "\(scratch)/tree")
        }
        let modules = try await EarlyModuleArchive(of: kernel, in: "\(scratch)/early")
        let keys = try store.publicKeys()
        let tools = installs ? try await installer(in: scratch) : nil
        let archive = try await ZstdFile.write(
            try initramfs(modules, keys: keys, agent: agent, installer: tools), to: "\(scratch)/initramfs")
        try DurableFiles.move(archive, to: "\(scratch)/files/initramfs.img")
        try DurableFiles.copy(kernel.image, to: "\(scratch)/files/vmlinuz")
        if let shell = try shell() {
            try DurableFiles.create("\(scratch)/files/shell.img", shell, permissions: 0o444)
        }
        let description = Stage1Description(
            kernelRelease: kernel.release, kernel: try describe("\(scratch)/files/vmlinuz"),
            initramfs: try describe("\(scratch)/files/initramfs.img"), installer: tools, modules: modules.count,
            trustedKeys: keys.map(\.id))
        try await publish(description, from: "\(scratch)/files")
        try await Program.rm.run(["-rf", "--one-file-system", "--", scratch])
        return description
    }

    /// An initramfs of its own with a static busybox, which loaders add where somebody wants a shell in stage 1; nil
    /// where this host has none (Debian's package busybox-static).
    private func shell() throws -> [UInt8]? {
        for path in ["/usr/bin/busybox", "/bin/busybox"] where DurableFiles.status(path) != nil {
            // One that wants a dynamic linker would find none there, and one for other processors would not run.
            guard (try? ElfExecutable.requireStatic(path, for: architecture)) != nil else { continue }
            let program = try DurableFiles.read(path, limit: 16 << 20)
            var archive = CpioWriter()
            try archive.addFile("busybox", permissions: 0o755, contents: program)
            return archive.finish()
        }
        return nil
    }

    /// Puts the image of install tools beside the other files.
    private func installer(in scratch: String) async throws -> Stage1Description.File {
        let path = "\(scratch)/files/installer.img"
        let image = try await InstallerImage(scratch: scratch).make(cachedIn: "\(store.layout.cache)/installer")
        try DurableFiles.copy(image, to: path)
        return try describe(path)
    }

    private func initramfs(
        _ modules: EarlyModuleArchive, keys: [PublicKey], agent: String, installer: Stage1Description.File?
    ) throws -> [UInt8] {
        var archive = CpioWriter()
        for directory in ["dev", "proc", "sys", "run", "tmp"] { try archive.addDirectory(directory) }
        // The kernel opens it for /init before anything is mounted.
        try archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
        try archive.addFile("init", permissions: 0o755, contents: try DurableFiles.read(agent, limit: 256 << 20))
        for key in keys {
            try archive.addFile("etc/perseid/trusted/\(key.id).pub", contents: key.file)
        }
        if let installer {
            try archive.addFile(
                "etc/perseid/installer", contents: Array("\(installer.sha256.hex) \(installer.size)\n".utf8))
        }
        try modules.write(to: &archive)
        return archive.finish()
    }

    /// Syncs a file, lets everybody read it, and describes it.
    private func describe(_ path: String) throws -> Stage1Description.File {
        guard chmod(path, 0o444) == 0 else { throw StoreError.lastCall("set the permissions of", path) }
        let file = try OpenFile.reading(path)
        var hasher = ContentHasher()
        var size: Int64 = 0
        var buffer: [UInt8] = []
        while try file.read(4 << 20, into: &buffer) > 0 {
            hasher.update(buffer)
            size += Int64(buffer.count)
            buffer.removeAll(keepingCapacity: true)
        }
        try file.sync()
        return Stage1Description.File(size: size, sha256: hasher.finalize())
    }

    /// Moves the files beside the older ones and turns the link. The one before stays, for nodes that are between its
    /// kernel and its initramfs; older ones go.
    private func publish(_ description: Stage1Description, from directory: String) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFiles.create(
            "\(directory)/stage1.json", Array(try encoder.encode(description)), permissions: 0o444)
        try DurableFiles.sync(directory: directory)
        let link = store.layout.stage1(architecture)
        let prefix = "\(DurableFiles.name(of: link))-"
        let name = "\(prefix)\(description.kernel.sha256.hex.prefix(8))\(description.initramfs.sha256.hex.prefix(8))"
        let target = "\(store.layout.state)/\(name)"
        if DurableFiles.status(target) == nil { try DurableFiles.move(directory, to: target) }
        let before = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
        let fresh = "\(store.layout.state)/.\(prefix)new"
        try DurableFiles.remove(fresh)
        try DurableFiles.link(fresh, to: name)
        try DurableFiles.move(fresh, to: link)
        for old in try DurableFiles.names(in: store.layout.state)
        where old.hasPrefix(prefix) && old != name && old != before {
            try await Program.rm.run(["-rf", "--one-file-system", "--", "\(store.layout.state)/\(old)"])
        }
    }
}
