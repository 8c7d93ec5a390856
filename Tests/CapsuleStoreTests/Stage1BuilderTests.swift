import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct Stage1BuilderTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore
    private let kernel: KernelSource
    /// Any static program may stand in for the agent.
    private let agent = "/usr/bin/busybox"

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path + "/state")
        kernel = .directory(try KernelFixture.write(in: directory))
    }

    @Test func holdsAgentKeysAndEarlyModules() async throws {
        let builder = Stage1Builder(store: store)
        #expect(try builder.current() == nil)
        let description = try await builder.build(kernel: kernel, agent: agent, installer: false)
        #expect(try builder.current() == description)
        #expect(description.kernelRelease == KernelFixture.release)
        #expect(description.modules == 4)
        let image = try directory.read("state/stage1/initramfs.img")
        #expect(description.initramfs.size == Int64(image.count))
        #expect(description.initramfs.sha256 == ContentDigest(hashing: image))
        #expect(description.kernel.sha256 == ContentDigest(hashing: try directory.read("state/stage1/vmlinuz")))

        let cpio = directory.path + "/initramfs.cpio"
        _ = try output(of: "zstd", ["-dqf", store.stage1Directory() + "/initramfs.img", "-o", cpio])
        let listing = try output(of: "cpio", ["-itv", "--quiet", "-F", cpio])
        let id = try #require(try store.publicKeys().first?.id)
        for entry in [
            "init", "etc/perseid/trusted/\(id).pub", "dev/console",
            "lib/modules/\(KernelFixture.release)/kernel/fs/squashfs/squashfs.ko",
        ] {
            #expect(listing.contains(" \(entry)\n"))
        }
        #expect(!listing.contains("snd.ko"))
        let key = try output(of: "cpio", ["-i", "--quiet", "--to-stdout", "-F", cpio, "etc/perseid/trusted/\(id).pub"])
        #expect(Array(key.utf8) == (try store.publicKeys().first?.file))
    }

    @Test func newOneTakesThePlaceAtOnceAndTheLastOneStays() async throws {
        let builder = Stage1Builder(store: store)
        let first = try await builder.build(kernel: kernel, agent: agent, installer: false)
        #expect(try await builder.build(kernel: kernel, agent: agent, installer: false) == first)
        for seed: UInt64 in [1, 2] {
            try directory.write(
                "kernel/boot/vmlinuz-\(KernelFixture.release)", deterministicBytes(50_000, seed: seed))
            try await builder.build(kernel: kernel, agent: agent, installer: false)
        }
        #expect(try directory.names("state").filter { $0.hasPrefix("stage1-") }.count == 2)
        #expect(try builder.current()?.kernel.size == 50_000)
    }

    @Test func oneForARM64LiesBesideTheOther() async throws {
        // An ELF header alone (System V gABI, chapter 4): 64 bits, little-endian, e_machine 183, no program headers.
        var header: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 57)
        header[16] = 2
        header[18] = 183
        let arm64 = try directory.write("agent.arm64", header)
        let builder = Stage1Builder(store: store, architecture: .arm64)
        try await Stage1Builder(store: store).build(kernel: kernel, agent: agent, installer: false)
        let built = try await builder.build(kernel: kernel, agent: arm64, installer: false)
        #expect(try builder.current() == built)
        #expect(try Stage1Builder(store: store).current() != built)
        #expect(built.kernel.sha256 == ContentDigest(hashing: try directory.read("state/stage1.arm64/vmlinuz")))
        await #expect(throws: CapsuleBuildError.notStatic(path: agent, reason: "it is not for arm64")) {
            try await builder.build(kernel: kernel, agent: agent, installer: false)
        }
        await #expect(throws: CapsuleBuildError.notStatic(path: arm64, reason: "it is not for amd64")) {
            try await Stage1Builder(store: store).build(kernel: kernel, agent: arm64, installer: false)
        }
    }

    @Test func agentThatNeedsLibrariesIsRefused() async throws {
        await #expect(throws: CapsuleBuildError.notStatic(path: "/usr/bin/env", reason: "it is linked dynamically")) {
            try await Stage1Builder(store: store).build(kernel: kernel, agent: "/usr/bin/env", installer: false)
        }
        let script = try directory.write("script", "#!/bin/sh\n")
        await #expect(
            throws: CapsuleBuildError.notStatic(path: script, reason: "it is not a 64-bit Linux executable")
        ) { try await Stage1Builder(store: store).build(kernel: kernel, agent: script, installer: false) }
        #expect(!directory.exists("state/stage1"))
    }
}
