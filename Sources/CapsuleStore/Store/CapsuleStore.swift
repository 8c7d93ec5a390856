public import CapsuleFormat

/// The capsules of one server: generations, channels, bundles and the keys that sign them, in one state directory.
///
/// ```
/// STATE/capsules/NAME/generations/N/{manifest,index}   immutable once there
/// STATE/capsules/NAME/channels/stable                  a `ChannelHistory`, changed by rename
/// STATE/bundles/SHA256                                 read-only, shared by all capsules
/// STATE/keys/{signing.key,KEYID.pub}                   0600 in 0700
/// STATE/{locks,build,cache,chunks.catalogue}           nothing that is served
/// ```
///
/// Everything becomes visible by a rename of something that is already on stable storage, so a reader needs no lock,
/// and a build that dies leaves nothing to be seen.
public struct CapsuleStore: Sendable {
    let layout: StoreLayout

    /// Opens the store of a state directory, and lays it out where it is new.
    /// - Throws: `StoreError.system`.
    public init(at directory: String) throws(StoreError) {
        layout = StoreLayout(state: directory)
        for path in [layout.state, layout.capsules, layout.bundles] {
            try DurableFiles.makeDirectory(path)
        }
        for path in [layout.keys, layout.locks, layout.builds, layout.cache] {
            try DurableFiles.makeDirectory(path, permissions: 0o700)
        }
    }

    /// The state directory.
    public var directory: String { layout.state }

    /// The signed manifest, to be served as it is; see `SignedManifest`.
    public func manifestPath(of generation: CapsuleGeneration) -> String {
        "\(layout.generation(generation))/manifest"
    }

    /// The index that the manifest pins.
    public func indexPath(of generation: CapsuleGeneration) -> String {
        "\(layout.generation(generation))/index"
    }

    /// A bundle, which may not exist.
    public func bundlePath(_ id: ContentDigest) -> String {
        layout.bundle(id)
    }

    /// The directory with `vmlinuz`, `initramfs.img` and `stage1.json`: a link to `stage1-DIGEST` beside it, which a new
    /// build turns. A boot script that names `stage1-DIGEST` gets kernel and initramfs of one build in any case.
    public func stage1Directory(_ architecture: MachineArchitecture = .amd64) -> String { layout.stage1(architecture) }

    /// The manifest of a generation, its signature checked with the store's own keys.
    /// - Throws: `StoreError`, `.manifest` where it does not verify.
    public func manifest(of generation: CapsuleGeneration) throws(StoreError) -> CapsuleManifest {
        let generation = try resolve(.generation(generation))
        let bytes = try DurableFiles.read(manifestPath(of: generation), limit: SignedManifest.maximumSize)
        let keys = try trustedKeys()
        do {
            return try SignedManifest.verify(bytes, trusting: keys, expecting: generation, now: 0)
        } catch {
            throw .manifest(error)
        }
    }

    /// The index of a generation.
    /// - Throws: `StoreError`, `.damaged` where its bytes are no index.
    public func index(of generation: CapsuleGeneration) throws(StoreError) -> CapsuleIndex {
        let path = indexPath(of: generation)
        let bytes = try DurableFiles.read(path, limit: CapsuleIndex.maximumSize)
        do {
            return try CapsuleIndex(decoding: bytes)
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }
}
