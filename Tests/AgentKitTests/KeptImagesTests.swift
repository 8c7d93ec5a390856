import CapsuleFormat
import Glibc
import PacketIO
import Testing

@testable import AgentKit

/// The images of the last generation, and what the next one takes of them.
@Suite struct KeptImagesTests {
    private let key = SigningKey()

    private func keys() throws -> TrustedKeys {
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: key.publicKeyFile)
        return keys
    }

    private func noise(_ count: Int, seed: UInt64) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    private func contents(_ name: String, root: [UInt8], modules: [UInt8]) throws -> CapsuleContents {
        let capsule = try TestCapsule(name, streams: [(.root, root), (.modules, modules)], key: key)
        let head = CapsuleHead(manifest: capsule.manifest, index: capsule.index)
        return try CapsuleContents(capsule.generation, head, trusting: try keys())
    }

    private func transfer(_ contents: CapsuleContents, in directory: String) throws -> CapsuleTransfer {
        let streams = try contents.streams([.root, .modules])
        var files: [StreamFile] = []
        for stream in streams {
            let path = "\(directory)/new-\(stream.role.rawValue)"
            files.append(
                StreamFile(path, owning: try FileDescriptor.open(path, O_RDWR | O_CREAT, permissions: 0o600)))
        }
        return CapsuleTransfer(streams, into: files)
    }

    /// A machine with the images of small@1, where `room` says so.
    private func machine(_ root: [UInt8], _ modules: [UInt8]) throws -> ScratchDirectory {
        let machine = try ScratchDirectory()
        let source = machine.path + "/images"
        try SmallFile.makeDirectory(source)
        try SmallFile.replace(source + "/root.image", with: root)
        try SmallFile.replace(source + "/modules.image", with: modules)
        #expect(KeptImages.keep(try contents("small@1", root: root, modules: modules), from: source, in: machine.path))
        #expect(SmallFile.names(in: source).isEmpty)
        return machine
    }

    @Test func theNextGenerationTakesWhatBothHave() throws {
        let (root, modules) = (noise(4 << 20, seed: 1), noise(2 << 20, seed: 2))
        let machine = try machine(root, modules)
        var changed = root
        changed[3_000_000] ^= 1
        let next = try contents("small@2", root: changed, modules: modules)
        let transfer = try transfer(next, in: machine.path)
        KeptImages.adopt(into: transfer, trusting: try keys(), in: machine.path)
        let progress = transfer.progress
        #expect(progress.totalBytes == 6 << 20)
        let missing = progress.totalBytes - progress.presentBytes
        #expect(missing > 0 && missing <= 2 << 20, "the chunk that differs, not \(missing) bytes")
        #expect(progress.cachedBytes == progress.presentBytes)
        // A fetch that broke goes on with what is in its own files.
        let again = try self.transfer(next, in: machine.path)
        try again.resume()
        #expect(again.progress.presentBytes == progress.presentBytes)
    }

    @Test func nothingThatIsDamagedIsTaken() throws {
        let (root, modules) = (noise(1 << 20, seed: 1), noise(1 << 20, seed: 2))
        let machine = try machine(root, modules)
        let kept = machine.path + KeptImages.directory
        try SmallFile.replace(kept + "/root.image", with: noise(1 << 20, seed: 3))
        let same = try contents("small@1", root: root, modules: modules)
        let first = try transfer(same, in: machine.path)
        KeptImages.adopt(into: first, trusting: try keys(), in: machine.path)
        #expect(first.progress.presentBytes == 1 << 20, "the modules alone")
        // Without a head that a trusted key signed there is nothing to go by.
        let strangers = try transfer(same, in: machine.path)
        KeptImages.adopt(into: strangers, trusting: TrustedKeys(), in: machine.path)
        #expect(strangers.progress.presentBytes == 0)
        #expect(KeptImages.remove(in: machine.path) && !KeptImages.remove(in: machine.path))
    }
}
