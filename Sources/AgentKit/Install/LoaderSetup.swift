package import DiskLayout
internal import Glibc
internal import PacketIO

/// What makes the machine start from its disk: files of the boot loader, and the programs that put it in place.
package struct LoaderSetup: Sendable {
    package let work: DiskWork
    package let firmware: BootLoaderChoice.Firmware
    /// `debian@7`, the menu's entry.
    package let title: String
    package let kernelRelease: String
    /// Of the installed kernel, root= among it.
    package let commandLine: String

    package init(
        work: DiskWork, firmware: BootLoaderChoice.Firmware, title: String, kernelRelease: String, commandLine: String
    ) {
        self.work = work
        self.firmware = work.layout.loader.firmware ?? firmware
        self.title = title
        self.kernelRelease = kernelRelease
        self.commandLine = commandLine
    }

    private var loader: BootLoaderChoice { work.layout.loader }
    package var kernelPath: String { "\(bootDirectory)/vmlinuz-\(kernelRelease)" }
    package var initramfsPath: String { "\(bootDirectory)/initrd.img-\(kernelRelease)" }

    /// systemd-boot reads the ESP alone; GRUB reads what it was installed for.
    package var bootDirectory: String {
        guard loader.flavor == .systemdBoot, let point = work.layout.efiSystem?.mountPoint else { return "/boot" }
        return "\(point)/perseid"
    }

    private var efiDirectory: String { work.layout.efiSystem?.mountPoint ?? "/boot/efi" }

    /// Configuration files of the new root.
    package var files: [NetworkIdentity.File] { recipe().files(title: title) }

    /// What an update of the kernel needs to know.
    /// - Parameters:
    ///   - root: of the command line.
    ///   - archiveBytes: of the machine's own archive in its initramfs.
    package func recipe(root: String = "", console: [String] = [], archiveBytes: Int64 = 0) -> LoaderRecipe {
        let boot = work.layout.fileSystem(holding: "/boot")?.mountPoint
        let isSystemd = loader.flavor == .systemdBoot
        return LoaderRecipe(
            flavor: loader.flavor, timeout: loader.timeout, defaultEntry: loader.defaultEntry,
            bootDirectory: bootDirectory,
            // Paths count from the file system that holds them.
            loaderDirectory: boot == "/boot" ? "" : "/boot", efiDirectory: efiDirectory,
            mountPoints: (isSystemd ? [work.layout.efiSystem?.mountPoint] : [boot]).compactMap { $0 }.filter {
                $0 != "/"
            },
            root: root, console: console, kernelRelease: kernelRelease, commandLine: commandLine,
            archiveBytes: archiveBytes)
    }

    // MARK: - Programs

    /// Argument lists for the install tools, which see the new root at `InstallTools.target`.
    package func commands(hasVariables: Bool) -> [[String]] {
        let target = InstallTools.target
        guard loader.flavor == .grub2 else { return [] }
        switch firmware {
        case .legacy:
            return work.layout.bootDisks.map { disk in
                [
                    "grub-install", "--target=i386-pc", "--boot-directory=\(target)/boot", "--no-floppy", "--recheck",
                    work.plan.path(of: .disk(disk)),
                ]
            }
        case .efi:
            let common = [
                "grub-install", "--target=x86_64-efi", "--efi-directory=\(target)\(efiDirectory)",
                "--boot-directory=\(target)/boot", "--no-nvram", "--recheck",
            ]
            // At the path that firmware tries without any entry, too: its variables may be lost.
            return [common + ["--bootloader-id=perseid"], common + ["--removable"]]
        }
    }

    /// The disk and partition that firmware starts the loader from, and the loader's path on it.
    package var efiEntry: (disk: String, partition: Int, path: String)? {
        guard firmware == .efi, loader.flavor != .none, let system = work.layout.efiSystem,
            case .partition(let disk, let number) = system.device
        else { return nil }
        let path = loader.flavor == .grub2 ? "\\EFI\\perseid\\grubx64.efi" : "\\EFI\\systemd\\systemd-bootx64.efi"
        return (work.plan.path(of: .disk(disk)), number, path)
    }
}

/// The firmware's list of what to boot, as efibootmgr(8) shows it.
package struct EFIBootList: Sendable {
    package var order: [String] = []
    /// The entry that the machine was started by.
    package var current: String?
    package var entries: [(number: String, label: String)] = []

    package init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("BootOrder: ") {
                order = line.dropFirst("BootOrder: ".count).split(separator: ",").map(String.init)
            } else if line.hasPrefix("BootCurrent: ") {
                current = String(line.dropFirst("BootCurrent: ".count))
            } else if line.hasPrefix("Boot"), line.utf8.count > 10 {
                let number = line.dropFirst(4).prefix(4)
                guard number.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }) else {
                    continue
                }
                let rest = line.dropFirst(8).drop { $0 == "*" || $0 == " " }
                entries.append((String(number), String(rest.prefix { $0 != "\t" })))
            }
        }
    }

    /// The order with the disk's entry right behind the one of the network that the machine was started by: it goes on
    /// booting from there first, and when it is sent to its disk no other card and no IPv6 is tried in between. Where
    /// that one is not known, behind all.
    package func order(adding number: String) -> [String] {
        var others = order.filter { $0 != number }
        let place = current.flatMap { others.firstIndex(of: $0) }.map { $0 + 1 } ?? others.endIndex
        others.insert(number, at: place)
        return others
    }
}
