import DiskLayout
import Testing

@testable import LayoutFiles

@Suite struct YAMLLayoutTests {
    private let everything = """
        disks:
          - name: system
            select: {model: "SAMSUNG*", atLeast: 400 GB, atMost: 2 TB, choose: smallest}
            table: gpt
            data: refuse
            partitions:
              - {size: 512 MiB, flags: [esp], fs: vfat, mount: /boot/efi, label: ESP}
              - {size: 12.5%, raid: /dev/md0}
              - {size: "*", lvm: vg, name: "the rest"}
              - {size: 100 GB, keep: true, fs: xfs, mount: /scratch, by: label, label: scratch}
          - name: /dev/sdb
            table: msdos
            partitions:
              - {number: 1, size: 4096s, raid: /dev/md0, type: fd}
              - {number: 2, size: "*", place: extended}
              - {number: 5, size: "*", place: logical, fs: swap}
          - name: third
            select: {id: wwn-0x5000}
            table: none
            lvm: vg
        raid:
          - {name: /dev/md0, level: "1", chunk: 64 KiB, fs: ext4, mount: /boot, mkfs: [-m, "1"]}
        lvm:
          - name: vg
            extent: 8 MiB
            volumes:
              - {name: root, size: "*", fs: btrfs, mount: /, options: "noatime,compress=zstd", comment: "a \\"root\\""}
        mounts:
          - {device: "server:/home", fs: nfs, mount: /home, options: rw}
        loader: {flavor: systemd, firmware: efi, timeout: 5}
        """

    @Test func readsEveryKey() throws {
        let layout = try DiskLayout(reading: everything, as: .yaml, file: "a.yaml")
        let system = layout.disks[0]
        #expect(
            system.selector
                == DiskSelector(
                    model: "SAMSUNG*", atLeast: 400_000_000_000, atMost: 2_000_000_000_000, choice: .smallest))
        #expect(system.data == .refuse && system.partitions.map(\.number) == [1, 2, 3, 4])
        #expect(system.partitions[2].label == "the rest" && system.partitions[2].group == "vg")
        #expect(layout.disks[1].selector.device == "/dev/sdb")
        #expect(layout.disks[1].partitions[0].type == "fd")
        #expect(layout.disks[2].selector.id == "wwn-0x5000" && layout.disks[2].group == "vg")
        #expect(layout.arrays[0].members.map(\.text) == ["system2", "/dev/sdb1"])
        #expect(layout.arrays[0].chunk == 65_536)
        let scratch = try #require(layout.fileSystems.first { $0.mountPoint == "/scratch" })
        #expect(!scratch.format, "what is kept is not formatted unless that is said")
        #expect(layout.fileSystem(holding: "/boot/grub")?.device == .array("/dev/md0"))
        #expect(layout.fileSystem(holding: "/usr")?.comment == "a \"root\"")
        #expect(layout.loader == BootLoaderChoice(flavor: .systemdBoot, firmware: .efi, timeout: 5))
    }

    @Test func writesWhatReadsBackTheSame() throws {
        let layout = try DiskLayout(reading: everything, as: .yaml, file: "a.yaml")
        let again = try DiskLayout(reading: layout.yaml, as: .yaml, file: "b.yaml")
        #expect(again.disks == layout.disks)
        #expect(again.arrays == layout.arrays && again.groups == layout.groups && again.loader == layout.loader)
        #expect(Set(again.fileSystems) == Set(layout.fileSystems))
    }

    @Test(arguments: [
        ("disks:\n  - {name: a, tabel: gpt}\n", 2, "tabel"), ("disks:\n  - {name: a, table: mac}\n", 2, "`mac`"),
        ("disks:\n  - name: a\n    partitions:\n      - {size: large}\n", 4, "`large`"),
        ("disks:\n  - name: a\n    partitions:\n      - {flags: esp}\n", 4, "no size"),
        ("disks:\n  - name: a\n    partitions:\n      - {size: 1 GB, mount: /}\n", 4, "no file system"),
        ("raids: []\n", 1, "raids"),
    ])
    func namesLineAndKey(text: String, line: Int, reason: String) {
        let problem = #expect(throws: LayoutFileError.self) {
            _ = try DiskLayout(reading: text, as: .yaml, file: "a.yaml")
        }
        #expect(problem?.description.hasPrefix("a.yaml:\(line): ") == true, "\(problem?.description ?? "")")
        #expect(problem?.description.contains(reason) == true, "\(problem?.description ?? "")")
    }
}
