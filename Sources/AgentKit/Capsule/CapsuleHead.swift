internal import CapsuleFormat
internal import PacketIO

/// Manifest and index of a capsule as the server sent them. They go through a kexec in the initramfs, and are verified
/// on its other side like any that come over the network.
package struct CapsuleHead: Hashable, Sendable {
    package static let directory = "/etc/perseid/capsule"
    package static let manifestPath = "\(directory)/manifest"
    package static let indexPath = "\(directory)/index"

    package var manifest: [UInt8]
    package var index: [UInt8]

    package init(manifest: [UInt8], index: [UInt8]) {
        self.manifest = manifest
        self.index = index
    }

    /// What the kernel before this one left; nil where there was none.
    package static func handedOver(in directory: String = directory) -> CapsuleHead? {
        guard let manifest = try? SmallFile.read("\(directory)/manifest", limit: SignedManifest.maximumSize),
            let index = try? SmallFile.read("\(directory)/index", limit: CapsuleIndex.maximumSize)
        else { return nil }
        return CapsuleHead(manifest: manifest, index: index)
    }
}
