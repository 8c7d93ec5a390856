internal import BootMachine
internal import BootProtocols
internal import CapsuleFormat
internal import DiskLayout
internal import FoundationEssentials
internal import Glibc
internal import PacketIO

/// One install on one machine: what is to be done, decided before the first write.
struct DiskInstall {
    let order: InstallOrder
    let work: DiskWork
    let tools: InstallTools
    let firmware: BootLoaderChoice.Firmware

    /// Looks at the disks and decides everything. Writes nothing.
    static func prepare(_ order: InstallOrder, tools: InstallTools) throws(InstallProblem) -> DiskInstall {
        InstallTarget.release(tools)
        let firmware: BootLoaderChoice.Firmware = SmallFile.exists("/sys/firmware/efi") ? .efi : .legacy
        let disks = try DiskScan.run(tools)
        let plan: DiskPlan
        do throws(LayoutProblem) {
            plan = try DiskResolution.plan(order.layout, on: disks, firmware: firmware)
        } catch {
            throw .layout(error)
        }
        let work = DiskWork(order.layout, plan) { UUID().uuidString.lowercased() }
        guard let root = work.root, [.ext2, .ext3, .ext4, .xfs, .btrfs].contains(root.kind) else {
            throw .layout(.invalid(where: "/", reason: "a root is ext2, ext3, ext4, xfs or btrfs"))
        }
        return DiskInstall(order: order, work: work, tools: tools, firmware: firmware)
    }

    private var rootUUID: String {
        work.root.map { work.uuids[work.plan.path(of: $0.device)] ?? "" } ?? ""
    }

    private var rootArgument: String { "root=UUID=\(rootUUID) rw" }

    var localBoot: LocalBoot {
        LocalBoot(
            uuid: rootUUID, kind: work.root?.kind.rawValue ?? "ext4", options: "",
            hasArrays: !work.layout.arrays.isEmpty, hasGroups: !work.layout.groups.isEmpty)
    }

    func loader(_ contents: CapsuleContents, console: [String]) -> LoaderSetup {
        let own = contents.manifest.kernelCommandLine
        return LoaderSetup(
            work: work, firmware: firmware, title: "\(contents.generation)",
            kernelRelease: contents.manifest.kernelRelease,
            commandLine: Kexec.commandLine(of: "\(rootArgument) \(own)", console: console))
    }

    // MARK: - Files

    /// What makes the new root this machine's.
    func personalise(
        _ contents: CapsuleContents, _ plan: Plan, mac: MACAddress, servers: [ServerURL], resolver: [String]
    ) throws(InstallProblem) {
        guard let name = HostName(plan.nodeName)?.text else { throw .order("`\(plan.nodeName)` is no host name") }
        let identity = NetworkIdentity.probe(InstallTarget.exists)
        let machine = InstalledMachine(
            servers: servers, credential: order.credential, nodeName: name, mac: mac.description,
            capsule: "\(contents.generation)", content: contents.manifest.index.sha256.hex,
            intervalSeconds: min(max(plan.waitSeconds, 5), 3600), agentHasNetwork: identity == nil)
        let json: [UInt8]
        do throws(JSONError) {
            json = try JSONBytes.encode(machine)
        } catch {
            throw .order(error.description)
        }
        var files = [
            NetworkIdentity.File(path: "/etc/fstab", contents: work.fileSystemTable),
            NetworkIdentity.File(path: "/etc/hostname", contents: "\(name)\n"),
            NetworkIdentity.File(path: "/etc/machine-id", contents: "\(order.machineID)\n", mode: 0o444),
            NetworkIdentity.File(
                path: InstalledMachine.path, contents: String(decoding: json, as: UTF8.self), mode: 0o600),
        ]
        if !resolver.isEmpty {
            files.append(
                NetworkIdentity.File(path: "/etc/resolv.conf", contents: resolver.map { "\($0)\n" }.joined()))
        }
        files += identity?.files(mac: mac) ?? []
        for file in files { try InstallTarget.write(file) }
    }

    /// Makes the files of kernel and initramfs; the machine's own archive stands in front of the capsule's.
    func bootFiles(
        _ loader: LoaderSetup, keys: [(name: String, contents: [UInt8])], console: [String]
    ) throws(InstallProblem) -> [StreamFile] {
        do throws(SystemError) {
            try SmallFile.makeDirectory(InstallTarget.root + loader.bootDirectory)
        } catch {
            throw .system("the kernel's files", error)
        }
        let kernel = StreamFile(loader.kernelPath, owning: try make(loader.kernelPath))
        let initramfs = try make(loader.initramfsPath)
        let size = try InstalledArchive.write(
            to: initramfs, keys: keys, boot: localBoot, tools: tools, programs: InstalledArchive.programs(for: work))
        let recipe = loader.recipe(root: rootArgument, console: console, archiveBytes: size)
        let json: [UInt8]
        do throws(JSONError) {
            json = try JSONBytes.encode(recipe)
        } catch {
            throw .loader(error.description)
        }
        try InstallTarget.write(
            NetworkIdentity.File(path: LoaderRecipe.path, contents: String(decoding: json, as: UTF8.self), mode: 0o600))
        return [kernel, StreamFile(loader.initramfsPath, owning: initramfs, base: size)]
    }

    private func make(_ path: String) throws(InstallProblem) -> FileDescriptor {
        do throws(SystemError) {
            return try FileDescriptor.open(
                InstallTarget.root + path, O_RDWR | O_CREAT | O_TRUNC, permissions: 0o644)
        } catch {
            throw .system("making \(path)", error)
        }
    }

    // MARK: - Boot loader

    func install(_ loader: LoaderSetup, load: (String) -> Void) throws(InstallProblem) {
        // Where efibootmgr looks: what is mounted below /sys later than the tools does not show there.
        let variables = InstallTools.root + "/sys/firmware/efi/efivars"
        let isEFI = loader.firmware == .efi && SmallFile.exists("/sys/firmware/efi")
        if isEFI, !FileSystems.isMountPoint(variables) {
            load("efivarfs")
            // Firmware without variables that can be written is firmware that goes by the path alone.
            try? FileSystems.mount("efivarfs", on: variables, type: "efivarfs")
        }
        if loader.work.layout.loader.flavor == .systemdBoot { try copySystemdBoot(loader) }
        for words in loader.commands(hasVariables: isEFI) { try tools.run(words) }
        for file in loader.files { try InstallTarget.write(file) }
        if isEFI, FileSystems.isMountPoint(variables), let entry = loader.efiEntry { try addEntry(entry, loader.title) }
    }

    private func copySystemdBoot(_ loader: LoaderSetup) throws(InstallProblem) {
        guard let point = loader.work.layout.efiSystem?.mountPoint else { throw .loader("there is no ESP") }
        let name = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
        do throws(SystemError) {
            let bytes = try SmallFile.read(InstallTools.root + name, limit: 4 << 20)
            for place in ["EFI/systemd/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI"] {
                let path = "\(InstallTarget.root)\(point)/\(place)"
                try SmallFile.makeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
                try SmallFile.replace(path, with: bytes, permissions: 0o755)
            }
        } catch {
            throw .system("systemd-boot", error)
        }
    }

    /// Adds the firmware's entry behind the network's; an older one of ours goes.
    private func addEntry(
        _ entry: (disk: String, partition: Int, path: String), _ title: String
    ) throws(InstallProblem) {
        let label = "Perseid disk"
        let before = EFIBootList(String(decoding: try tools.run(["efibootmgr"]), as: UTF8.self))
        for old in before.entries where old.label.hasPrefix(label) {
            try tools.run(["efibootmgr", "--quiet", "--bootnum", old.number, "--delete-bootnum"])
        }
        try tools.run([
            "efibootmgr", "--quiet", "--create-only", "--disk", entry.disk, "--part", "\(entry.partition)", "--label",
            label, "--loader", entry.path,
        ])
        let after = EFIBootList(String(decoding: try tools.run(["efibootmgr"]), as: UTF8.self))
        if let ours = after.entries.first(where: { $0.label.hasPrefix(label) }) {
            let order = after.order(adding: ours.number)
            try tools.run(["efibootmgr", "--quiet", "--bootorder", order.joined(separator: ",")])
        }
    }
}
