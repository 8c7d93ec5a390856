public import PacketIO

/// The boot files that anyone may fetch, by HTTP and by TFTP: loaders, and stage 1's kernel and initramfs.
///
/// Two directories under one roof: `stage1/NAME` is in the one, every other name in the other.
public struct BootFiles: Sendable {
    private let loaders: ConfinedDirectory
    private let stage1: ConfinedDirectory

    /// - Throws: `SystemError` where one of the directories is missing.
    public init(loaders: String, stage1: String) throws(SystemError) {
        self.loaders = try ConfinedDirectory(path: loaders)
        self.stage1 = try ConfinedDirectory(path: stage1)
    }

    /// Opens a file by the name a boot program asks for; a leading `/` is ignored.
    public func open(_ name: String) throws -> FileDescriptor {
        let name = name.drop { $0 == "/" }
        guard name.hasPrefix("stage1/") else { return try loaders.openFile(String(name)) }
        return try stage1.openFile(String(name.dropFirst("stage1/".count)))
    }
}
