internal import BootProtocols
internal import CLinux
internal import Glibc
internal import PacketIO

/// The start of an installed machine: from its initramfs to the init of its root. It asks no server, and waits for none.
package enum LocalStart {
    private static let root = "/newroot"
    /// Milliseconds that a disk may take to appear, and after which an array starts without those that did not.
    private static let diskLimit: Int64 = 120_000
    private static let memberLimit: Int64 = 15_000

    /// Runs as PID 1; every failure is said, and tried again.
    package static func run() -> Never {
        var backoff = Backoff.boot
        while true {
            do throws(StepFailure) {
                try start()
            } catch {
                let pause = backoff.next(spread: 0)
                Console().line("FAILED \(error); trying again in \(seconds(pause))")
                BootClock.sleep(milliseconds: pause)
            }
        }
    }

    private static func start() throws(StepFailure) {
        try StageOne.mountKernelInterfaces()
        StageOne.takeConsole()
        let console = Console()
        let release = SmallFile.text("/proc/sys/kernel/osrelease") ?? "unknown"
        console.line("start from this machine's disk, kernel \(release)")
        var modules = ModuleLoader(release: release, console: console)
        _ = modules.coldplug()
        let boot: LocalBoot
        do throws(SystemError) {
            let bytes = try SmallFile.read(LocalBoot.path, limit: 1 << 16)
            do throws(JSONError) {
                boot = try JSONBytes.decode(LocalBoot.self, from: bytes)
            } catch {
                throw SystemError(call: "read", code: EINVAL, context: "\(LocalBoot.path): \(error)")
            }
        } catch {
            throw StepFailure(.settings, error)
        }
        modules.load(named: boot.kind)
        let device = try findRoot(boot, &modules, console)
        console.line("the root is on \(device)")
        do throws(SystemError) {
            if FileSystems.isMountPoint(root) { try FileSystems.detach(root) }
            try FileSystems.mount(device, on: root, type: boot.kind, options: boot.options)
        } catch {
            throw StepFailure(.root, error)
        }
        try handOver(&modules, console)
    }

    /// The device with the root's file system. Arrays and volumes are made to appear on the way.
    private static func findRoot(
        _ boot: LocalBoot, _ modules: inout ModuleLoader, _ console: Console
    ) throws(StepFailure) -> String {
        let start = BootClock.milliseconds()
        if boot.hasArrays {
            for name in ["md_mod", "raid0", "raid1", "raid10", "raid456", "linear"] { modules.load(named: name) }
        }
        if boot.hasGroups { modules.load(named: "dm_mod") }
        var takesDegraded = false
        while true {
            let passed = BootClock.milliseconds() - start
            if boot.hasArrays {
                // A degraded array is started when its members had time to appear. Until then mdadm leaves it there,
                // inactive, and passes over what it holds.
                if passed >= memberLimit, !takesDegraded {
                    takesDegraded = true
                    console.line("not all members of the arrays are there: starting them without")
                    run(["mdadm", "--stop", "--scan"])
                }
                run(["mdadm", "--assemble", "--scan", takesDegraded ? "--run" : "--no-degraded"])
            }
            if boot.hasGroups {
                run(["lvm", "vgchange", "--config", lvmConfiguration, "--activate", "y", "--sysinit", "--quiet"])
            }
            if let device = FileSystemUUID.find(boot.uuid) { return device }
            guard passed < diskLimit else {
                throw StepFailure(
                    .root, SystemError(call: "root", code: ENODEV, context: "no disk has the file system \(boot.uuid)"))
            }
            BootClock.sleep(milliseconds: 200)
            _ = modules.coldplug()
        }
    }

    /// As `DiskWork.lvmConfiguration`: nothing waits for udev, which does not run yet.
    private static let lvmConfiguration =
        "activation{udev_sync=0 udev_rules=0} devices{obtain_device_list_from_udev=0} backup{backup=0 archive=0}"

    /// A program of this initramfs; that it fails shows in what does not appear.
    private static func run(_ words: [String]) {
        guard let name = words.first,
            let path = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map({ "\($0)/\(name)" }).first(
                where: SmallFile.exists)
        else { return }
        let before = signal(SIGCHLD, SIG_DFL)
        defer { signal(SIGCHLD, before) }
        if let process = try? ScriptProcess(
            path, in: "/", arguments: Array(words.dropFirst()), environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])
        {
            _ = try? process.wait(until: BootClock.milliseconds() + 60_000)
        }
    }

    /// Leaves in /run what tells the server that this machine runs, and becomes the init of its root.
    private static func handOver(_ modules: inout ModuleLoader, _ console: Console) throws(StepFailure) {
        leaveStageTwo(&modules, console)
        do throws(RootProblem) {
            let initPath = try RootAssembly.findInit()
            console.line("handing over to \(initPath)")
            do throws(SystemError) {
                try SwitchRoot.execute(newRoot: root, initPath: initPath)
            } catch {
                throw .system("starting \(initPath)", error)
            }
        } catch {
            throw StepFailure(.handoff, error)
        }
    }

    /// A machine that cannot tell of itself starts all the same.
    private static func leaveStageTwo(_ modules: inout ModuleLoader, _ console: Console) {
        do throws(SystemError) {
            let bytes = try SmallFile.read(root + InstalledMachine.path, limit: 1 << 16)
            do throws(JSONError) {
                let machine = try JSONBytes.decode(InstalledMachine.self, from: bytes)
                try leave(machine, &modules, console)
            } catch {
                console.line("\(InstalledMachine.path): \(error)")
            }
        } catch {
            console.line("the server will not hear of this start: \(error)")
        }
    }

    private static func leave(
        _ machine: InstalledMachine, _ modules: inout ModuleLoader, _ console: Console
    ) throws(JSONError) {
        var network: NodeNetwork?
        if machine.agentHasNetwork {
            do throws(NetworkProblem) {
                network = try NodeNetwork.bringUp(mac: MACAddress(machine.mac), console: console) {
                    _ = modules.coldplug()
                }
            } catch {
                console.line("no network: \(error)")
            }
        }
        var settings = StageTwoSettings(
            servers: machine.servers, token: machine.credential, nodeName: machine.nodeName,
            capsule: machine.capsule, content: machine.content, intervalSeconds: machine.intervalSeconds,
            interface: network?.interface.name ?? "", lease: network?.lease, undelivered: [])
        settings.installedMAC = machine.mac
        do throws(HandoffProblem) {
            try StageTwoFiles.write(settings)
            do throws(SystemError) {
                // What an update has to be signed with.
                try LeftImages.leave(TrustedKeyring.read(from: CapsuleContents.trustedDirectory))
                try StageTwoFiles.leaveAgent()
                if RootAssembly.hasSystemd { try StageTwoFiles.addSystemdUnit() }
            } catch {
                throw .system("leaving the agent", error)
            }
        } catch {
            throw JSONError(what: error.description)
        }
    }
}

/// The UUID of a file system, read from the front of a block device without mounting it.
package enum FileSystemUUID {
    /// The device with this one, going by all that the kernel has.
    static func find(_ uuid: String) -> String? {
        let names = SmallFile.names(in: "/sys/class/block").filter { name in
            !["loop", "ram", "zram", "sr", "fd", "nbd"].contains(where: name.hasPrefix)
        }
        // A member of a mirror has the file system, too: what is built of others comes first.
        let built = names.filter { $0.hasPrefix("md") || $0.hasPrefix("dm-") }
        return (built + names.filter { !built.contains($0) }).map { "/dev/\($0)" }.first { device in
            guard let file = try? FileDescriptor.open(device, O_RDONLY | O_NONBLOCK),
                let bytes = try? file.bytes(FileSystemLabel.windowSize, at: 0)
            else { return false }
            return read(bytes) == uuid
        }
    }

    /// ext4's s_uuid at 1024 + 0x68, XFS's sb_uuid at 32, btrfs's fsid at 65536 + 0x20.
    package static func read(_ bytes: [UInt8]) -> String? {
        let places: [(magic: Int, text: [UInt8], uuid: Int)] = [
            (1024 + 0x38, [0x53, 0xef], 1024 + 0x68), (0, Array("XFSB".utf8), 32),
            (65_536 + 64, Array("_BHRfS_M".utf8), 65_536 + 0x20),
        ]
        for place in places where bytes.count >= max(place.magic + place.text.count, place.uuid + 16) {
            guard bytes[place.magic..<place.magic + place.text.count].elementsEqual(place.text) else { continue }
            let digits = bytes[place.uuid..<place.uuid + 16].map { byte in
                let text = String(byte, radix: 16)
                return byte < 16 ? "0" + text : text
            }
            return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
        }
        return nil
    }
}
