import CapsuleFormat
import Foundation
import Synchronization
import Testing

@testable import CapsuleStore

@Suite struct CapsuleBuilderTests: StoreTests {
    let test: TestStore
    private let kernel: KernelSource

    init() throws {
        test = try TestStore("test")
        kernel = .directory(try KernelFixture.write(in: test.directory))
    }

    /// A small root with a merged /usr.
    private func writeRoot() throws -> String {
        try directory.write("root/etc/hostname", "test\n")
        try directory.write("root/usr/bin/tool", deterministicBytes(300_000, seed: 8))
        try directory.write("root/boot/vmlinuz-other", "not wanted")
        try directory.write("root/usr/lib/modules/else/modules.dep", "not wanted")
        try directory.write("root/proc/1/stat", "not wanted")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/root/lib", withDestinationPath: "usr/lib")
        return directory.path + "/root"
    }

    /// Writes a stream of a generation to a file.
    private func extract(_ role: StreamRole, of generation: CapsuleGeneration) throws -> String {
        let stream = try #require(ChunkedStream(role, of: try store.index(of: generation)))
        var bytes: [UInt8] = []
        for chunk in stream.chunks {
            let bundle = try Data(
                contentsOf: URL(fileURLWithPath: store.bundlePath(stream.bundles[Int(chunk.bundle)].id)))
            bytes += bundle[Int(chunk.offset)..<(Int(chunk.offset) + Int(chunk.storedLength))]
        }
        return try directory.write("extracted-\(role.rawValue)", bytes)
    }

    @Test func directoryBecomesFourStreams() async throws {
        let phases = Mutex<[CapsuleBuildProgress.Phase]>([])
        let builder = CapsuleBuilder(store: store) { progress in
            phases.withLock { if $0.last != progress.phase { $0.append(progress.phase) } }
        }
        let built = try await builder.build(name, from: .directory(try writeRoot()), kernel: kernel)
        #expect(built.generation.description == "test@1")
        #expect(built.manifest.kernelRelease == KernelFixture.release)
        #expect(built.manifest.streams.map(\.role) == [.kernel, .initramfs, .root, .modules])
        #expect(try store.manifest(of: built.generation) == built.manifest)
        #expect(phases.withLock { $0.contains(.chunking(.root)) && $0.last == .publishing })
        #expect(!directory.exists("state/build/test"))

        let root = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.root, of: built.generation)])
        #expect(root.contains("/usr/bin/tool"))
        #expect(root.contains("/boot\n") && root.contains("/usr/lib/modules\n") && root.contains("/proc\n"))
        #expect(!root.contains("vmlinuz") && !root.contains("modules/else") && !root.contains("/proc/1"))
        let modules = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.modules, of: built.generation)])
        #expect(modules.contains("/usr/lib/modules/\(KernelFixture.release)/kernel/sound/core/snd.ko"))
        let image = try extract(.kernel, of: built.generation)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: image))) == deterministicBytes(100_000, seed: 77))
    }

    @Test func initramfsHoldsTheEarlyModulesAlone() async throws {
        let built = try await CapsuleBuilder(store: store).build(
            name, from: .directory(try writeRoot()), kernel: kernel)
        let archive = try extract(.initramfs, of: built.generation)
        _ = try output(of: "zstd", ["-dqf", archive, "-o", archive + ".cpio"])
        let listing = try output(of: "cpio", ["-it", "--quiet", "-F", archive + ".cpio"])
        let base = "lib/modules/\(KernelFixture.release)"
        for file in [
            "kernel/drivers/net/virtio_net.ko", "kernel/net/core/failover.ko", "kernel/fs/squashfs/squashfs.ko",
            "kernel/fs/overlayfs/overlay.ko", "modules.dep", "modules.alias", "modules.softdep",
        ] {
            #expect(listing.contains("\(base)/\(file)\n"))
        }
        #expect(!listing.contains("snd.ko"))
    }

    @Test func sameDirectoryGivesTheSameStreams() async throws {
        let root = try writeRoot()
        let builder = CapsuleBuilder(store: store)
        let first = try await builder.build(name, from: .directory(root), kernel: kernel)
        let second = try await builder.build(name, from: .directory(root), kernel: kernel)
        #expect(first.manifest.streams == second.manifest.streams)
        #expect(second.generation.number == 2)
        #expect(second.newBytes == 0)
        #expect(try store.resolve(#require(CapsuleReference("test"))) == second.generation)
    }

    @Test func rootWithoutMergedUsrHasItsModulesInLib() async throws {
        try directory.write("plain/lib/ld.so", "x")
        let built = try await CapsuleBuilder(store: store).build(
            name, from: .directory(directory.path + "/plain"), kernel: kernel)
        let modules = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.modules, of: built.generation)])
        #expect(modules.contains("/lib/modules/\(KernelFixture.release)/modules.dep"))
        #expect(!modules.contains("/usr"))
    }

    @Test func kernelOfTheTreeIsUsedWhereNoneIsNamed() async throws {
        let root = try KernelFixture.write(in: directory, below: "whole")
        let built = try await CapsuleBuilder(store: store).build(name, from: .directory(root))
        #expect(built.manifest.kernelRelease == KernelFixture.release)
        let image = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.root, of: built.generation)])
        #expect(!image.contains("vmlinuz") && !image.contains(KernelFixture.release))
    }

    @Test func missingKernelSaysWhereItLooked() async throws {
        try directory.write("root/boot/vmlinuz-without-modules", "x")
        let root = directory.path + "/root"
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await CapsuleBuilder(store: store).build(name, from: .directory(root))
        }
        #expect(error?.description.contains("\(root)/boot/vmlinuz-RELEASE") == true)
        #expect(try store.list().isEmpty)
        #expect(!directory.exists("state/build/test"))
    }

    @Test func tarBecomesTheSameTree() async throws {
        let root = try writeRoot()
        let tar = directory.path + "/root.tar.gz"
        _ = try output(of: "tar", ["-C", root, "-czf", tar, "."])
        let source = try CapsuleSource(argument: tar)
        #expect(source == .tar(tar))
        let built = try await CapsuleBuilder(store: store).build(name, from: source, kernel: kernel)
        let image = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.root, of: built.generation)])
        #expect(image.contains("/usr/bin/tool") && image.contains("/lib -> usr/lib"))
    }

    @Test(arguments: ["/etc/evil", "../evil", "a/../../evil"])
    func tarThatWouldLeaveItsDirectoryIsRefused(member: String) async throws {
        try directory.write("evil", "x")
        let tar = directory.path + "/evil.tar"
        _ = try output(
            of: "tar", ["-C", directory.path, "-P", "--transform", "s,^evil$,\(member),", "-cf", tar, "evil"])
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await CapsuleBuilder(store: store).build(name, from: .tar(tar), kernel: kernel)
        }
        #expect(error?.description.contains("'\(member)'") == true)
        #expect(try store.list().isEmpty)
        #expect(!directory.exists("state/build/test"))
    }

    @Test func sourcesThatAreNotThereAreNamed() async throws {
        #expect(throws: CapsuleBuildError.badSource(path: "/nowhere", reason: "no such file or directory")) {
            try CapsuleSource(argument: "/nowhere")
        }
        await #expect(throws: CapsuleBuildError.badSource(path: "/nowhere", reason: "not a directory")) {
            try await CapsuleBuilder(store: store).build(name, from: .directory("/nowhere"), kernel: kernel)
        }
        let rubbish = try directory.write("rubbish.tar", "no tar file")
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await CapsuleBuilder(store: store).build(name, from: .tar(rubbish), kernel: kernel)
        }
        #expect(error?.description.contains("tar archive") == true)
    }

    @Test func busyboxMakesARootThatStartsTheAgent() async throws {
        let built = try await CapsuleBuilder(store: store).build(name, from: .busybox, kernel: kernel)
        let image = try output(of: "unsquashfs", ["-ll", "-d", "", extract(.root, of: built.generation)])
        for entry in [
            "/bin/busybox", "/sbin/init -> /bin/busybox", "/bin/sh -> /bin/busybox", "/etc/init.d/rcS", "/lib",
        ] {
            #expect(image.contains("\(entry)\n"))
        }
        #expect(!image.contains(" root/user "))
        let inittab = try output(of: "unsquashfs", ["-cat", extract(.root, of: built.generation), "etc/inittab"])
        #expect(inittab.contains("::respawn:/run/perseid/perseid-agent stage2"))
        let again = try await CapsuleBuilder(store: store).build(name, from: .busybox, kernel: kernel)
        #expect(again.manifest.streams == built.manifest.streams)
    }

    /// A process that is killed in the middle of a build: nothing is visible, and the next build starts clean.
    @Test func killedBuildLeavesNothingVisible() async throws {
        let root = try writeRoot()
        let state = directory.path + "/state"
        let kernelDirectory = directory.path + "/kernel"
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [root = root as String, state = state as String, kernelDirectory = kernelDirectory as String] in
            let builder = CapsuleBuilder(store: try CapsuleStore(at: state)) { progress in
                if progress.phase == .publishing { kill(getpid(), SIGKILL) }
            }
            let name = try #require(CapsuleName("test"))
            _ = try await builder.build(name, from: .directory(root), kernel: .directory(kernelDirectory))
        }
        #expect(try store.list().isEmpty)
        #expect(try directory.names("state/bundles").isEmpty)
        #expect(directory.exists("state/build/test/root.squashfs"))
        let built = try await CapsuleBuilder(store: store).build(name, from: .directory(root), kernel: kernel)
        #expect(built.generation.number == 1)
        #expect(!directory.exists("state/build/test"))
    }

    @Test func cancelledBuildLeavesNothingVisible() async throws {
        let root = try writeRoot()
        let store = store
        let name = name
        let kernel = kernel
        let task = Task {
            try await CapsuleBuilder(store: store) { progress in
                if progress.phase == .packing(.root) { withUnsafeCurrentTask { $0?.cancel() } }
            }.build(name, from: .directory(root), kernel: kernel)
        }
        await #expect(throws: CapsuleBuildError.cancelled) { try await task.value }
        #expect(try store.list().isEmpty)
        #expect(try directory.names("state/bundles").isEmpty)
    }
}
