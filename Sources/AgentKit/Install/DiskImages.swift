internal import BootMachine
internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// A capsule's images on their way to a disk: on the new root itself, where there is room for images of any size.
struct DiskImages {
    let root: StreamFile
    let modules: StreamFile?
    let transfer: CapsuleTransfer

    /// - Parameters:
    ///   - cache: where chunks may be, and are kept.
    ///   - keys: what images have to be signed with that a file system kept over the install still has.
    static func begin(
        _ contents: CapsuleContents, _ plan: Plan, cache: ChunkCache?, trusting keys: TrustedKeys
    ) throws(CapsuleProblem) -> DiskImages {
        let hasModules = contents.index.stream(.modules) != nil
        let streams = try contents.streams(hasModules ? [.root, .modules] : [.root])
        do throws(SystemError) {
            let root = try file("root")
            let modules = hasModules ? try file("modules") : nil
            let transfer = CapsuleTransfer(
                streams, into: [root] + (modules.map { [$0] } ?? []), cache: cache,
                pace: TransferPace(bytesPerSecond: plan.bytesPerSecond))
            KeptImages.adopt(into: transfer, trusting: keys, in: InstallTarget.root)
            return DiskImages(root: root, modules: modules, transfer: transfer)
        } catch {
            throw .noRoom("\(contents.generation)", error)
        }
    }

    private static func file(_ name: String) throws(SystemError) -> StreamFile {
        let path = "\(InstallTarget.scratch)/\(name).image"
        return StreamFile(path, owning: try FileDescriptor.open(path, O_RDWR | O_CREAT | O_TRUNC, permissions: 0o600))
    }

    /// Takes the images away, or to where the first update finds them; a loop device that still reads one keeps it until then.
    static func remove(_ contents: CapsuleContents) throws(SystemError) {
        KeptImages.keep(contents, from: InstallTarget.scratch, in: InstallTarget.root)
        for name in SmallFile.names(in: InstallTarget.scratch) {
            try systemCall("unlink", name) { unlink("\(InstallTarget.scratch)/\(name)") }
        }
        try systemCall("rmdir", InstallTarget.scratch) { rmdir(InstallTarget.scratch) }
    }
}
