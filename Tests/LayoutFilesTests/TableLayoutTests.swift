import DiskLayout
import Testing

@testable import LayoutFiles

@Suite struct TableLayoutTests {
    private func read(_ text: String) throws -> DiskLayout {
        try DiskLayout(reading: text, as: .table, file: "a.disk")
    }

    /// OSCAR's samples differ in the disk's name; the fourth is a mirror.
    @Test(arguments: ["/dev/hda", "/dev/sda", "/dev/nvme0n1"])
    func readsASingleDisk(disk: String) throws {
        let part = { (number: Int) in DevicePath.partition(number, of: disk) }
        let layout = try read(
            """
            # units=MB label_type=msdos
            \(part(1)) 100 ext4 /boot defaults bootable
            \(part(5)) 512 swap
            \(part(6)) *   ext4 /     defaults
            server:/home - nfs /home rw
            """)
        #expect(layout.disks.map(\.name) == [disk])
        #expect(layout.disks[0].partitions.map(\.number) == [1, 5, 6, 4])
        #expect(layout.disks[0].partitions[0].flags == [.boot])
        #expect(layout.disks[0].partitions[0].size == .bytes(100_000_000))
        #expect(layout.disks[0].partitions[2].size == .rest)
        #expect(layout.disks[0].partitions[3].place == .extended)
        #expect(layout.fileSystems.map(\.mountPoint) == ["/boot", nil, "/", "/home"])
        #expect(layout.fileSystems[3].kind == .nfs && layout.fileSystems[3].options == "rw")
        let found = FoundDisk(path: disk, bytes: 8 << 30)
        let plan = try DiskResolution.plan(layout, on: [found], firmware: .legacy)
        #expect(plan.disks[0].partitions.map(\.path) == [1, 4, 5, 6].map(part))
        #expect(try DiskLayout(reading: layout.yaml, as: .yaml, file: "b").disks == layout.disks)
    }

    @Test func readsAMirrorWithASpare() throws {
        let layout = try read(
            """
            # units=MB label_type=msdos
            /dev/sda1 512 swap
            /dev/sda2 *   raid
            /dev/sdb1 512 swap
            /dev/sdb2 *   raid
            /dev/sdc2 *   raid
            /dev/md0  -   ext4 / defaults
            raid1 /dev/md0 /dev/sda2 /dev/sdb2 [/dev/sdc2]
            """)
        #expect(layout.arrays[0].level == .mirrored)
        #expect(layout.arrays[0].members.map(\.text) == ["/dev/sda2", "/dev/sdb2"])
        #expect(layout.arrays[0].spares.map(\.text) == ["/dev/sdc2"])
        #expect(layout.disks.allSatisfy { $0.partitions.last?.flags == [.raid] })
        #expect(layout.fileSystem(holding: "/")?.device == .array("/dev/md0"))
    }

    @Test func leavesTheRestToAPrimaryPartition() throws {
        let layout = try read("/dev/sda1 * ext4 /\n/dev/sda5 512 swap\n/dev/sda6 100 ext4 /tmp\n")
        let found = FoundDisk(path: "/dev/sda", bytes: 8 << 30)
        let partitions = try DiskResolution.plan(layout, on: [found], firmware: .legacy).disks[0].partitions
        #expect(partitions.map(\.number) == [1, 4, 5, 6])
        #expect(partitions[0].sectors > 15_000_000)
        #expect(partitions[3].start + partitions[3].sectors <= partitions[1].start + partitions[1].sectors)
    }

    @Test func readsItsSettings() throws {
        let layout = try read(
            """
            # units=% label_type=gpt boot_type=efi boot_device=/dev/vda
            /dev/vda1 5 vfat /boot/efi
            /dev/vda2 * xfs / noatime
            """)
        #expect(layout.disks[0].label == .gpt && layout.loader.firmware == .efi)
        #expect(layout.loader.targets == [.disk("/dev/vda")])
        #expect(layout.disks[0].partitions[0].size == .percent(thousandths: 5000))
        #expect(layout.disks[0].partitions[0].flags == [.esp])
        #expect(layout.fileSystems[1].options == "noatime")
    }

    @Test(arguments: [
        ("# units=furlong\n/dev/sda1 1 ext4 /", 1, "furlong"), ("/dev/sda 1 ext4 /", 1, "no partition"),
        ("/dev/sda1 x ext4 /", 1, "`x`"), ("/dev/sda1 1 minix /", 1, "minix"), ("\n/dev/sda1 1 ext4", 2, "mount point"),
        ("/dev/sda1 * ext4 /\nraid7 /dev/md0 /dev/sda1", 2, "levels"),
        ("/dev/sda1 * ext4 /\nraid1 /dev/md0 /dev/sda1 /dev/sdz1", 2, "/dev/sdz1"),
    ])
    func namesTheLine(text: String, line: Int, reason: String) {
        let problem = #expect(throws: LayoutFileError.self) { _ = try read(text) }
        #expect(problem?.description.hasPrefix("a.disk:\(line): ") == true, "\(problem?.description ?? "")")
        #expect(problem?.description.contains(reason) == true, "\(problem?.description ?? "")")
    }
}
