public import CapsuleFormat

/// What a stage 1 consists of: `stage1.json` beside its files.
public struct Stage1Description: Codable, Hashable, Sendable {
    /// A file as it is served. The size is in bytes.
    public struct File: Codable, Hashable, Sendable {
        public var size: Int64
        public var sha256: ContentDigest
    }

    /// `uname -r`; where a capsule's is the same, stage 1 changes the root and needs no kexec.
    public var kernelRelease: String
    /// `vmlinuz`
    public var kernel: File
    /// `initramfs.img`
    public var initramfs: File
    /// `installer.img`: the programs that an install needs; nil in one that was built before there were installs.
    public var installer: File?
    /// Number of kernel modules in the initramfs.
    public var modules: Int
    /// Whose capsules it boots.
    public var trustedKeys: [KeyID]
}
