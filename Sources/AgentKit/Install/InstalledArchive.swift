internal import CapsuleFormat
package import DiskLayout
internal import Glibc
package import PacketIO

/// The initramfs of an installed machine: this agent, what it needs to find its root, and behind it the capsule's own
/// archive of early modules. Nothing is asked of the image.
package enum InstalledArchive {
    /// Programs that make devices of arrays and volume groups appear.
    package static func programs(for work: DiskWork) -> [String] {
        (work.layout.arrays.isEmpty ? [] : ["mdadm"]) + (work.layout.groups.isEmpty ? [] : ["lvm"])
    }

    /// Writes it to a file that is empty. Executables go from file to file: an agent alone is 16 MB.
    /// - Returns: its size in bytes.
    package static func write(
        to output: borrowing FileDescriptor, keys: [(name: String, contents: [UInt8])], boot: LocalBoot,
        tools: InstallTools, programs: [String]
    ) throws(InstallProblem) -> Int64 {
        var paths: [String] = []
        for program in programs { paths += try closure(of: program, tools) }
        var archive = CpioWriter()
        try start(&archive, keys, boot)
        try append("/init", to: output, &archive) { () throws(SystemError) in
            try FileDescriptor.open("/proc/self/exe", O_RDONLY)
        }
        var written: Set<String> = []
        for path in paths where written.insert(path).inserted {
            try append(path, to: output, &archive) { () throws(SystemError) in
                try SmallFile.open(path, within: InstallTools.root)
            }
        }
        let end = archive.finish()
        do throws(SystemError) {
            try output.writeAll(end.span.bytes)
            return Int64(try systemCall("lseek") { lseek(output.raw, 0, SEEK_CUR) })
        } catch {
            throw .system("the initramfs", error)
        }
    }

    private static func start(
        _ archive: inout CpioWriter, _ keys: [(name: String, contents: [UInt8])], _ boot: LocalBoot
    ) throws(InstallProblem) {
        let settings: [UInt8]
        do throws(JSONError) {
            settings = try JSONBytes.encode(boot)
        } catch {
            throw .loader(error.description)
        }
        do throws(CpioError) {
            for directory in ["dev", "proc", "sys", "run", "tmp", "etc"] { try archive.addDirectory(directory) }
            try archive.addCharacterDevice("dev/console", permissions: 0o600, major: 5, minor: 1)
            for key in keys { try archive.addFile("etc/perseid/trusted/\(key.name)", contents: key.contents) }
            try archive.addFile(String(LocalBoot.path.dropFirst()), contents: settings)
        } catch {
            throw .loader("the initramfs: \(error)")
        }
    }

    /// Adds an executable; the kernel copies it.
    private static func append(
        _ path: String, to output: borrowing FileDescriptor, _ archive: inout CpioWriter,
        from open: () throws(SystemError) -> FileDescriptor
    ) throws(InstallProblem) {
        let into = output.raw
        do throws(SystemError) {
            let input = try open()
            let size = try systemCall("lseek", path) { lseek(input.raw, 0, SEEK_END) }
            _ = try systemCall("lseek", path) { lseek(input.raw, 0, SEEK_SET) }
            let head: [UInt8]
            do throws(CpioError) {
                head = try archive.addFile(String(path.dropFirst()), permissions: 0o755, size: Int(size))
            } catch {
                throw SystemError(call: "cpio", code: EINVAL, context: error.description)
            }
            try output.writeAll(head.span.bytes)
            var left = Int(size)
            while left > 0 {
                let sent = try systemCall("sendfile", path) { sendfile(into, input.raw, nil, left) }
                guard sent > 0 else {
                    throw SystemError(call: "sendfile", code: EIO, context: "\(path) became shorter")
                }
                left -= sent
            }
        } catch {
            throw .system("\(path) in the initramfs", error)
        }
    }

    /// A program of the tools with the libraries that it is linked to, as ld.so(8) finds them: paths within the tools.
    private static func closure(of program: String, _ tools: InstallTools) throws(InstallProblem) -> [String] {
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
        return paths.filter { $0.hasPrefix("/") }
    }
}
