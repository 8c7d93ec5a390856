import BootProtocols
import CapsuleFormat
import DiskLayout
import Testing

@testable import AgentKit

@Suite struct DiskScanTests {
    @Test func readsWhatLsblkWrites() throws {
        let json = """
            {"blockdevices": [
              {"path":"/dev/loop0","name":"loop0","type":"loop","size":1000,"log-sec":512},
              {"path":"/dev/vdb","name":"vdb","type":"disk","size":"6442450944","log-sec":"512","ro":"0"},
              {"path":"/dev/vda","name":"vda","type":"disk","size":6442450944,"log-sec":4096,"model":null,
               "serial":"disk0","wwn":null,"ro":true,"start":null,"pttype":"gpt","parttype":null,"partuuid":null,
               "partlabel":null,"fstype":null,"uuid":null,
               "children":[{"path":"/dev/vda2","name":"vda2","type":"part","size":2468347904,"log-sec":4096,"model":null,
                "serial":null,"wwn":null,"ro":true,"start":8192,"pttype":"gpt","parttype":"0fc6","partuuid":"u",
                "partlabel":"root","fstype":"ext4","uuid":"abc"}]},
              {"path":"/dev/sr0","name":"sr0","type":"rom","size":0}]}
            """
        let disks = try DiskScan.disks(Array(json.utf8))
        #expect(disks.map(\.path) == ["/dev/vda", "/dev/vdb"])
        #expect(disks[0].isReadOnly && disks[0].sectorBytes == 4096 && disks[0].content == "gpt")
        #expect(disks[0].ids.contains("disk0"))
        #expect(
            disks[0].partitions == [
                FoundDisk.Partition(
                    number: 2, start: 1024, sectors: 602_624, type: "0fc6", uuid: "u", label: "root", content: "ext4",
                    contentUUID: "abc")
            ])
        #expect(!disks[1].isReadOnly && disks[1].content == nil && disks[1].bytes == 6_442_450_944)
    }

    @Test(arguments: ["", "{}", "[]", "{\"blockdevices\":[{}]}"])
    func refusesWhatIsNoListing(text: String) {
        #expect(throws: JSONError.self) { _ = try DiskScan.disks(Array(text.utf8)) }
    }
}

@Suite struct NetworkIdentityTests {
    @Test func goesByWhatIsThere() {
        #expect(NetworkIdentity.probe { _ in false } == nil)
        #expect(NetworkIdentity.probe { $0 == "/lib/systemd/systemd-networkd" } == .networkd)
        #expect(NetworkIdentity.probe { $0 == "/sbin/ifup" } == nil, "BusyBox has one")
        let debian = ["/sbin/ifup", "/etc/network/if-up.d", "/lib/systemd/systemd-networkd"]
        #expect(NetworkIdentity.probe { debian.contains($0) } == .ifupdown)
        #expect(NetworkIdentity.probe { (debian + ["/usr/sbin/NetworkManager"]).contains($0) } == .networkManager)
        #expect(NetworkIdentity.probe { _ in true } == .netplan)
    }

    @Test(arguments: NetworkIdentity.allCases)
    func namesTheCardByItsMAC(kind: NetworkIdentity) throws {
        let mac = try #require(MACAddress("52:54:00:12:34:56"))
        let files = kind.files(mac: mac)
        #expect(files.contains { $0.contents.contains("52:54:00:12:34:56") })
        #expect(files.allSatisfy { $0.path.hasPrefix("/etc/") })
    }
}

@Suite struct LoaderSetupTests {
    private func setup(_ flavor: BootLoaderChoice.Flavor, boot: Bool = false) throws -> LoaderSetup {
        var partitions = [
            Partition(number: 1, size: .bytes(1 << 20), flags: [.biosBoot]),
            Partition(number: 2, size: .bytes(1 << 28), flags: [.esp]), Partition(number: 3, size: .rest),
        ]
        var systems = [
            FileSystem(device: .partition(disk: "a", number: 2), mountPoint: "/boot/efi", kind: .vfat),
            FileSystem(device: .partition(disk: "a", number: 3), mountPoint: "/", kind: .ext4),
        ]
        if boot {
            partitions.append(Partition(number: 4, size: .bytes(1 << 28)))
            systems.append(FileSystem(device: .partition(disk: "a", number: 4), mountPoint: "/boot", kind: .ext4))
        }
        let layout = DiskLayout(
            disks: [Disk(name: "a", selector: DiskSelector(), label: .gpt, partitions: partitions)],
            fileSystems: systems, loader: BootLoaderChoice(flavor: flavor, timeout: 3))
        let found = FoundDisk(path: "/dev/nvme0n1", bytes: 8 << 30)
        let work = DiskWork(layout, try DiskResolution.plan(layout, on: [found], firmware: .efi)) { "u" }
        return LoaderSetup(
            work: work, firmware: .efi, title: "c@1", kernelRelease: "6.1.0", commandLine: "root=UUID=u console=ttyS0")
    }

    @Test func writesGRUBsMenu() throws {
        let loader = try setup(.grub2)
        #expect(loader.kernelPath == "/boot/vmlinuz-6.1.0")
        let menu = try #require(loader.files.first)
        #expect(menu.path == "/boot/grub/grub.cfg")
        #expect(menu.contents.contains("linux /boot/vmlinuz-6.1.0 root=UUID=u console=ttyS0"))
        #expect(menu.contents.contains("set timeout=3") && menu.contents.contains("terminal_output console serial"))
        #expect(try setup(.grub2, boot: true).files.first?.contents.contains("linux /vmlinuz-6.1.0") == true)
        let commands = loader.commands(hasVariables: true)
        #expect(commands.count == 2 && commands[1].contains("--removable"))
        let entry = try #require(loader.efiEntry)
        #expect(entry.disk == "/dev/nvme0n1" && entry.partition == 2 && entry.path == "\\EFI\\perseid\\grubx64.efi")
    }

    @Test func writesSystemdBootsEntry() throws {
        let loader = try setup(.systemdBoot)
        #expect(loader.kernelPath == "/boot/efi/perseid/vmlinuz-6.1.0")
        #expect(loader.files.map(\.path) == ["/boot/efi/loader/loader.conf", "/boot/efi/loader/entries/perseid.conf"])
        #expect(loader.files[1].contents.contains("linux   /perseid/vmlinuz-6.1.0\n"))
        #expect(loader.commands(hasVariables: true).isEmpty)
    }

    @Test func putsItsEntryBehindTheNetworks() {
        let list = EFIBootList(
            """
            BootCurrent: 0001
            BootOrder: 0003,0001,0000
            Boot0000* UiApp
            Boot0001* UEFI PXEv4 (MAC:525400123456)\tPciRoot(0x0)
            Boot0003* Perseid disk\tHD(1,GPT)
            """)
        #expect(list.entries.map(\.number) == ["0000", "0001", "0003"])
        #expect(list.entries[2].label == "Perseid disk")
        #expect(list.order(adding: "0003") == ["0001", "0003", "0000"])
        #expect(EFIBootList("BootOrder: 0003,0001,0000").order(adding: "0003") == ["0001", "0000", "0003"])
        #expect(EFIBootList("BootCurrent: 0009\nBootOrder: 0001").order(adding: "0003") == ["0001", "0003"])
    }
}

@Suite struct FileSystemUUIDTests {
    @Test func readsExt4XFSAndBtrfs() {
        let places: [(magic: Int, text: [UInt8], uuid: Int)] = [
            (1080, [0x53, 0xef], 1128), (0, Array("XFSB".utf8), 32), (65_600, Array("_BHRfS_M".utf8), 65_568),
        ]
        for place in places {
            var bytes = [UInt8](repeating: 0, count: FileSystemLabel.windowSize)
            bytes.replaceSubrange(place.magic..<place.magic + place.text.count, with: place.text)
            for index in 0..<16 { bytes[place.uuid + index] = UInt8(index) }
            #expect(FileSystemUUID.read(bytes) == "00010203-0405-0607-0809-0a0b0c0d0e0f")
        }
        #expect(FileSystemUUID.read([]) == nil)
        #expect(FileSystemUUID.read([UInt8](repeating: 0, count: 70_000)) == nil)
    }
}

@Suite struct InstallPinTests {
    @Test func readsDigestAndSize() {
        let digest = ContentDigest(hashing: [1])
        #expect(InstallTools.Pin("\(digest.hex) 42")?.size == 42)
        for text in ["", "\(digest.hex)", "\(digest.hex) 0", "\(digest.hex) -1", "xyz 3", "\(digest.hex) 999999999999"]
        {
            #expect(InstallTools.Pin(text) == nil)
        }
    }
}
