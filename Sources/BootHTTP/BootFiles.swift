public import PacketIO

/// The boot files that anyone may fetch, by HTTP and by TFTP: loaders, and stage 1's kernel and initramfs.
///
/// Directories under one roof: `stage1/arm64/NAME` and `stage1/NAME` are in one each, every other name in the third.
public struct BootFiles: Sendable {
    private let loaders: ConfinedDirectory
    private let stage1: ConfinedDirectory
    private let stage1ARM64: ConfinedDirectory?

    private static let arm64 = "stage1/arm64/"

    /// - Parameter stage1ARM64: nil where there is no stage 1 for arm64.
    /// - Throws: `SystemError` where one of the directories is missing.
    public init(loaders: String, stage1: String, stage1ARM64: String? = nil) throws(SystemError) {
        self.loaders = try ConfinedDirectory(path: loaders)
        self.stage1 = try ConfinedDirectory(path: stage1)
        self.stage1ARM64 = if let stage1ARM64 { try ConfinedDirectory(path: stage1ARM64) } else { nil }
    }

    /// Opens a file by the name a boot program asks for; a leading `/` is ignored.
    public func open(_ name: String) throws -> FileDescriptor {
        let name = name.drop { $0 == "/" }
        if let stage1ARM64, name.hasPrefix(Self.arm64) {
            return try stage1ARM64.openFile(String(name.dropFirst(Self.arm64.count)))
        }
        guard name.hasPrefix("stage1/") else { return try loaders.openFile(String(name)) }
        return try stage1.openFile(String(name.dropFirst("stage1/".count)))
    }
}
