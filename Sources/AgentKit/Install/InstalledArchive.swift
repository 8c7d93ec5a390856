internal import CapsuleFormat
package import DiskLayout
internal import PacketIO

/// The initramfs of an installed machine: this agent, what it needs to find its root, and behind it the capsule's own
/// archive of early modules. Nothing is asked of the image.
package enum InstalledArchive {
    /// Programs that make devices of arrays and volume groups appear.
    package static func programs(for work: DiskWork) -> [String] {
        (work.layout.arrays.isEmpty ? [] : ["mdadm"]) + (work.layout.groups.isEmpty ? [] : ["lvm"])
    }

    package static func make(
        agent: [UInt8], keys: [(name: String, contents: [UInt8])], boot: LocalBoot, tools: InstallTools,
        programs: [String]
    ) throws(InstallProblem) -> [UInt8] {
        let settings: [UInt8]
        do throws(JSONError) {
            settings = try JSONBytes.encode(boot)
        } catch {
            throw .loader(error.description)
        }
        var files: [(path: String, contents: [UInt8])] = []
        for program in programs { files += try closure(of: program, tools) }
        do throws(CpioError) {
            var archive = CpioWriter()
            for directory in ["dev", "proc", "sys", "run", "tmp", "etc"] { try archive.addDirectory(directory) }
            try archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
            try archive.addFile("init", permissions: 0o755, contents: agent)
            for key in keys { try archive.addFile("etc/perseid/trusted/\(key.name)", contents: key.contents) }
            try archive.addFile(String(LocalBoot.path.dropFirst()), contents: settings)
            var written: Set<String> = []
            for file in files where written.insert(file.path).inserted {
                try archive.addFile(String(file.path.dropFirst()), permissions: 0o755, contents: file.contents)
            }
            return archive.finish()
        } catch {
            throw .loader("the initramfs: \(error)")
        }
    }

    /// A program of the tools with the libraries that it is linked to, as ld.so(8) finds them.
    private static func closure(
        of program: String, _ tools: InstallTools
    ) throws(InstallProblem) -> [(path: String, contents: [UInt8])] {
        guard let path = InstallTools.path(of: program) else { throw .tools("\(program) is not among them") }
        let loader = "/lib64/ld-linux-x86-64.so.2"
        let listing = try tools.run([loader, "--list", path])
        var paths = [path, loader]
        // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`
        for line in String(decoding: listing, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if let arrow = words.firstIndex(of: "=>"), arrow + 1 < words.count {
                paths.append(String(words[arrow + 1]))
            }
        }
        var files: [(path: String, contents: [UInt8])] = []
        for path in paths where path.hasPrefix("/") {
            do throws(SystemError) {
                files.append((path, try SmallFile.read(path, within: InstallTools.root, limit: 32 << 20)))
            } catch {
                throw .system("reading \(path) of the install tools", error)
            }
        }
        return files
    }
}
