package import CapsuleFormat
package import DiskLayout
internal import Glibc
internal import PacketIO

/// The programs that partition, format and make bootable: a squashfs image that stage 1 fetches when it is to install,
/// pinned by its digest in stage 1's initramfs.
package struct InstallTools {
    /// `SHA256 SIZE` in stage 1's initramfs.
    package static let pinPath = "/etc/perseid/installer"
    /// The root that the programs see.
    package static let root = "/tools"
    /// Where the disks of the machine are mounted, here and below `root`.
    package static let target = "/target"
    private static let directory = "/installer"

    /// The image as stage 1 knows it.
    package struct Pin: Hashable, Sendable {
        package var digest: ContentDigest
        package var size: Int64

        package init?(_ text: String) {
            let words = text.split(separator: " ")
            guard words.count == 2, let digest = ContentDigest(hex: String(words[0])), let size = Int64(words[1]),
                (1...(256 << 20)).contains(size)
            else { return nil }
            self.digest = digest
            self.size = size
        }
    }

    /// How long one program may take: a RAID or a file system of many disks takes its time.
    private static let limit: Int64 = 1_800_000

    /// Fetches, verifies and mounts the image, unless that is done, and shows the programs the kernel's file systems.
    package static func bringUp(from servers: [ServerURL]) throws(InstallProblem) -> InstallTools {
        guard let pin = SmallFile.text(pinPath).flatMap({ Pin($0) }) else {
            throw .tools("this stage 1 was built without them: build it again (`perseid stage1 build`)")
        }
        do throws(SystemError) {
            if !FileSystems.isMountPoint(root) {
                try FileSystems.mount("installer", on: directory, type: "tmpfs", options: "mode=0700")
                for name in ["image", "writes/upper", "writes/work"] {
                    try SmallFile.makeDirectory("\(directory)/\(name)")
                }
                let image = "\(directory)/installer.img"
                try fetch(pin, to: image, from: servers)
                let loop = try LoopDevice(over: image)
                try FileSystems.mount(loop.path, on: "\(directory)/image", type: "squashfs", flags: Int(MS_RDONLY))
                try FileSystems.mount(
                    "tools", on: root, type: "overlay",
                    options: "lowerdir=\(directory)/image,upperdir=\(directory)/writes/upper,"
                        + "workdir=\(directory)/writes/work")
            }
            for name in ["/dev", "/proc", "/sys", "/run"] where !FileSystems.isMountPoint(root + name) {
                try FileSystems.bind(name, to: root + name)
            }
            try SmallFile.makeDirectory("\(root)/tmp")
            return InstallTools()
        } catch {
            if !FileSystems.isMountPoint(root) { try? FileSystems.detach(directory) }
            throw .system("setting the install tools up", error)
        }
    }

    private static func fetch(_ pin: Pin, to path: String, from servers: [ServerURL]) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, permissions: 0o600)
        var client = HTTPClient()
        var hasher = ContentHasher()
        var piece: [UInt8] = []
        var done: Int64 = 0
        while done < pin.size {
            let end = min(done + (2 << 20), pin.size) - 1
            let request = HTTPRequest(path: "/boot/stage1/installer.img", token: "-", range: done...end)
            var failure: HTTPError?
            for server in servers {
                do throws(HTTPError) {
                    _ = try client.perform(request, to: server, into: &piece, limit: 2 << 20)
                    failure = nil
                    break
                } catch {
                    failure = error
                }
            }
            if let failure {
                throw SystemError(call: "GET", code: EIO, context: "\(request.path): \(failure)")
            }
            try file.writeAll(piece.span.bytes)
            hasher.update(piece)
            done = end + 1
        }
        guard hasher.finalize() == pin.digest else {
            throw SystemError(
                call: "SHA-256", code: EBADMSG,
                context: "installer.img is not what this stage 1 was built with: switch the machine off and on again")
        }
    }

    // MARK: - A shell

    /// Where the small programs of busybox are, behind those that are there under the same names.
    private static let applets = "/usr/lib/busybox"
    package static let searchPath = "\(ScriptRun.searchPath):\(applets)"

    /// Makes `/bin/sh` and the small programs that people and scripts expect.
    package func addShell() throws(InstallProblem) {
        guard let path = Self.path(of: "busybox") else {
            throw .tools("there is no shell among them: build stage 1 again (`perseid stage1 build`)")
        }
        guard !SmallFile.exists(Self.root + Self.applets) else { return }
        do throws(SystemError) {
            try SmallFile.makeDirectory(Self.root + Self.applets)
            if !SmallFile.exists("\(Self.root)/bin/sh") {
                let shell = Self.path(of: "dash") ?? path
                try systemCall("symlink", "/bin/sh") { symlink(shell, "\(Self.root)/bin/sh") }
            }
        } catch {
            throw .system("a shell among the install tools", error)
        }
        try run(["busybox", "--install", "-s", Self.applets])
    }

    // MARK: - Running

    /// Runs a program to its end.
    /// - Parameter accepting: what it may end with beside 0.
    /// - Returns: the first MiB of what it wrote.
    @discardableResult
    package func run(
        _ words: [String], input: String? = nil, step: DiskCommand.Step? = nil, title: String? = nil,
        accepting: Int32 = 0
    ) throws(InstallProblem) -> [UInt8] {
        let title = title ?? words.joined(separator: " ")
        guard let name = words.first, let path = Self.path(of: name) else {
            throw .tools("\(words.first ?? "") is not among them")
        }
        let ending: ScriptProcess.Ending
        do throws(SystemError) {
            let process = try ScriptProcess(
                path, in: Self.root, arguments: Array(words.dropFirst()),
                environment: [
                    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "LVM_SUPPRESS_FD_WARNINGS=1",
                ], input: input, keeping: 1 << 20)
            ending = try process.wait(until: BootClock.milliseconds() + Self.limit)
        } catch {
            throw .system(title, error)
        }
        switch ending.status {
        case .exited(0), .exited(accepting): return ending.output
        case let status: throw .program(step, title, status.text, ending.lastLines)
        }
    }

    /// Runs one command of a disk's plan and waits for the devices that it makes.
    package func run(_ command: DiskCommand) throws(InstallProblem) {
        try run(command.words, input: command.input, step: command.step, title: command.title)
        let end = BootClock.milliseconds() + 20_000
        for path in command.makes {
            while !SmallFile.exists(path) {
                guard BootClock.milliseconds() < end else { throw .device(path) }
                BootClock.sleep(milliseconds: 50)
            }
        }
    }

    /// Where a program lies, as it is called within `root`.
    package static func path(of name: String) -> String? {
        if name.hasPrefix("/") { return name }
        var found = stat()
        return ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map { "\($0)/\(name)" }
            .first { lstat(root + $0, &found) == 0 }
    }
}
