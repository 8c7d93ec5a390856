internal import Glibc
package import PacketIO

/// What stage 1 leaves of the root it made, for `LiveSync`: image, layers, the capsule's head and the keys. Root's alone.
package enum LeftImages {
    private static let directory = "\(StageTwoSettings.directory)/layers"
    package static let head = "\(StageTwoSettings.directory)/capsule"
    package static let trusted = "\(StageTwoSettings.directory)/trusted"
    package static let image = "\(directory)/images/root.image"
    /// The image's tree, without what the node wrote.
    package static let tree = "\(directory)/root"
    /// What the node wrote, and its own files.
    package static let writes = "\(directory)/writes/upper"

    /// Writes the files. Mounts stay where they are, so that another try finds them.
    package static func leave(_ head: CapsuleHead, keys: TrustedKeyring) throws(SystemError) {
        try SmallFile.makeDirectory(Self.head)
        try SmallFile.replace("\(Self.head)/manifest", with: head.manifest)
        try SmallFile.replace("\(Self.head)/index", with: head.index)
        try leave(keys)
    }

    /// Writes the keys alone.
    package static func leave(_ keys: TrustedKeyring) throws(SystemError) {
        try SmallFile.makeDirectory(trusted)
        for key in keys.files { try SmallFile.replace("\(trusted)/\(key.name)", with: key.contents) }
    }

    /// Takes the mounts below /run, which the runtime OS keeps. Where that fails the node runs as well, and cannot be
    /// synced.
    package static func moveMounts(console: Console) {
        do throws(SystemError) {
            try SmallFile.makeDirectory(directory, permissions: 0o700)
            for (source, name) in RootAssembly.mounts where FileSystems.isMountPoint(source) {
                try SmallFile.makeDirectory("\(directory)/\(name)")
                try FileSystems.move(source, to: "\(directory)/\(name)")
            }
        } catch {
            console.line("this node cannot be synced while it runs: \(error)")
        }
    }
}
