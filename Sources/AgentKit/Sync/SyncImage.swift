internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// Images of a generation beside the one that runs, in memory or on a disk: the way there and the mount are the same.
enum SyncImage {
    /// Fetches what is missing and tells how far it is.
    static func fetch(
        _ transfer: CapsuleTransfer, of generation: CapsuleGeneration, from servers: [ServerURL], token: String,
        tell: (SyncProgress) -> Void
    ) throws(StepFailure) {
        do throws(TransferFailure) {
            try transfer.run(from: servers, token: token, memory: MemoryWatch()) { progress, _ in
                let text = "\(megabytes(progress.presentBytes)) of \(megabytes(progress.totalBytes))"
                tell(SyncProgress("fetching \(generation): \(text)", percent: progress.percent))
            }
        } catch {
            throw StepFailure(.transfer, error)
        }
    }

    /// Shows an image's tree, to be read alone.
    static func mount(_ image: String, as type: RootRecipe.ImageType, on tree: String) throws(SystemError) {
        let loop = try LoopDevice(over: image)
        try FileSystems.mount(loop.path, on: tree, type: type.rawValue, flags: Int(MS_RDONLY) | Int(MS_NODEV))
    }

    /// Takes mounts away, the last first.
    static func unmount(_ paths: [String]) {
        for path in paths.reversed() where FileSystems.isMountPoint(path) { _ = umount2(path, Int32(MNT_DETACH)) }
    }
}
