internal import CapsuleFormat

/// The initramfs that a kernel is started with by kexec: the agent, its keys and its settings, before the capsule's
/// own archive of modules.
package enum BootArchive {
    /// Where the agent finds its settings after a kexec, in the place of the command line.
    package static let settingsPath = "/etc/perseid/boot.json"

    /// An uncompressed newc archive, after which another archive may follow.
    /// - Parameters:
    ///   - agent: the executable, which becomes `/init`.
    ///   - keys: `.pub` files by name.
    ///   - settings: hold the token, so their file is for root alone.
    ///   - head: manifest and index of the capsule, so that they are not fetched twice in a boot.
    package static func make(
        agent: [UInt8], keys: [(name: String, contents: [UInt8])], settings: BootSettings,
        head: CapsuleHead? = nil
    ) throws(HandoffProblem) -> [UInt8] {
        let encodedSettings: [UInt8]
        do throws(JSONError) {
            encodedSettings = try JSONBytes.encode(settings)
        } catch {
            throw .archive(error.description)
        }
        do throws(CpioError) {
            var archive = CpioWriter()
            try archive.addDirectory("dev")
            // Without it the kernel starts init without a console; Debian's has it built in, others need not.
            try archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
            try archive.addFile("init", permissions: 0o755, contents: agent)
            try archive.addDirectory("etc/perseid/trusted")
            for key in keys { try archive.addFile("etc/perseid/trusted/\(key.name)", contents: key.contents) }
            try archive.addFile(String(settingsPath.dropFirst()), permissions: 0o600, contents: encodedSettings)
            if let head {
                try archive.addDirectory(String(CapsuleHead.directory.dropFirst()))
                try archive.addFile(String(CapsuleHead.manifestPath.dropFirst()), contents: head.manifest)
                try archive.addFile(String(CapsuleHead.indexPath.dropFirst()), contents: head.index)
            }
            return archive.finish()
        } catch {
            throw .archive(error.description)
        }
    }
}
