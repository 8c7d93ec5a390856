import DiskLayout
import Testing

@testable import LayoutFiles

/// Every element and every attribute of SystemImager's form.
@Suite struct XMLLayoutTests {
    private func read(_ inside: String) throws -> DiskLayout {
        try DiskLayout(reading: "<?xml version=\"1.0\"?>\n<config>\n\(inside)\n</config>\n", as: .xml, file: "a.xml")
    }

    private let plain = """
        <disk dev="/dev/sda" label_type="gpt" unit_of_measurement="MB">
          <part num="1" size="*" p_type="primary"/>
        </disk>
        """
    private let root = "<fsinfo real_dev=\"/dev/sda1\" mp=\"/\" fs=\"ext4\"/>"

    @Test func readsDisksAndParts() throws {
        let layout = try read(
            """
            <disk dev="/dev/sda" label_type="msdos" unit_of_measurement="MiB">
              <part num="1" size="200" p_type="primary" id="27" flags="boot"/>
              <part num="2" size="*" p_type="extended" p_name="-" flags="-"/>
              <part num="5" size="512" p_type="logical" flags="swap,hidden"/>
              <part num="6" size="*" p_type="logical"/>
            </disk>
            <disk dev="/dev/nvme0n1" label_type="gpt" unit_of_measurement="percent">
              <part num="1" size="12.5" p_type="primary" p_name="first" flags="esp"/>
            </disk>
            <disk dev="/dev/sdc" label_type="gpt" unit_of_measurement="s">
              <part num="1" size="4096" p_type="primary" lvm_group="vg" flags="lvm"/>
            </disk>
            <disk dev="/dev/sdd" label_type="none" unit_of_measurement="B" lvm_group="vg"/>
            <lvm version="2"><lvm_group name="vg" phys_extent_size="8M" max_log_vols="7" max_phys_vols="9">
              <lv name="data" size="500M" lv_options="--contiguous y"/><lv name="all" size="*"/>
            </lvm_group></lvm>
            <fsinfo real_dev="/dev/sda6" mp="/" fs="ext4"/>
            """)
        let first = layout.disks[0]
        #expect(first.label == .msdos && first.selector.device == "/dev/sda")
        #expect(first.partitions.map(\.place) == [.primary, .extended, .logical, .logical])
        #expect(first.partitions[0].size == .bytes(200 << 20))
        #expect(first.partitions[0].type == "27" && first.partitions[0].flags == [.boot])
        #expect(first.partitions[1].label == nil && first.partitions[1].flags.isEmpty)
        #expect(first.partitions[2].flags == [.swap, .hidden])
        #expect(layout.disks[1].partitions[0].size == .percent(thousandths: 12_500))
        #expect(layout.disks[1].partitions[0].label == "first")
        #expect(layout.disks[2].partitions[0].size == .sectors(4096))
        #expect(layout.disks[3].label == .none && layout.disks[3].group == "vg")
        let group = layout.groups[0]
        #expect(group.extentBytes == 8 << 20 && group.maximumVolumes == 7 && group.maximumDevices == 9)
        #expect(group.volumes[0].size == .bytes(500 << 20) && group.volumes[0].options == ["--contiguous", "y"])
        #expect(group.volumes[1].size == .rest)
        #expect(layout.devices(of: group).map(\.text) == ["/dev/sdc1", "/dev/sdd"])
    }

    @Test(arguments: [
        ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1024),
    ])
    func knowsTheUnits(unit: String, bytes: Int) throws {
        let layout = try read(
            """
            <disk dev="/dev/sda" label_type="gpt" unit_of_measurement="\(unit)">
              <part num="1" size="3" p_type="primary"/></disk>
            \(root)
            """)
        #expect(layout.disks[0].partitions[0].size == .bytes(UInt64(3 * bytes)))
    }

    @Test func readsArrays() throws {
        let disks = ["a", "b", "c"].map { name in
            """
            <disk dev="/dev/sd\(name)" label_type="gpt" unit_of_measurement="MB">
              <part num="1" size="*" p_type="primary" flags="raid" raid_dev="/dev/md0"/></disk>
            """
        }.joined()
        let layout = try read(
            disks + """
                <raid><raid_disk name="/dev/md0" raid_level="raid1" raid_devices="2" spare_devices="1" chunk_size="64K"
                    layout="n2" lvm_group="vg"/></raid>
                <lvm><lvm_group name="vg"><lv name="root" size="*"/></lvm_group></lvm>
                <fsinfo real_dev="/dev/vg/root" mp="/" fs="xfs"/>
                """)
        let array = layout.arrays[0]
        #expect(array.level == .mirrored && array.deviceCount == 2 && array.spareCount == 1)
        #expect(array.members.map(\.text) == ["/dev/sda1", "/dev/sdb1"] && array.spares.map(\.text) == ["/dev/sdc1"])
        #expect(array.chunk == 65_536 && array.arrangement == "n2" && array.group == "vg")
        #expect(layout.fileSystems[0].device == .volume(group: "vg", name: "root"))
        let named = try read(
            disks.replacing(" raid_dev=\"/dev/md0\"", with: "")
                + """
                <raid><raid_disk name="/dev/md1" raid_level="5" devices="/dev/sda1 /dev/sdb1,/dev/sdc1"/></raid>
                <fsinfo real_dev="/dev/md1" mp="/" fs="ext4"/>
                """)
        #expect(named.arrays[0].members.map(\.text) == ["/dev/sda1", "/dev/sdb1", "/dev/sdc1"])
    }

    @Test func readsBootLoaders() throws {
        let layout = try read(
            plain + """
                <bootloader flavor="grub2" install_type="legacy" default_entry="0" timeout="7">
                  <target dev="/dev/sda" path="/boot/grub"/></bootloader>
                \(root)
                """)
        #expect(layout.loader.flavor == .grub2 && layout.loader.firmware == .legacy && layout.loader.timeout == 7)
        #expect(layout.loader.defaultEntry == "0" && layout.loader.targets == [.disk("/dev/sda")])
        let systemd = try read(plain + "<bootloader flavor=\"systemd\" install_type=\"efi\"/>" + root)
        #expect(systemd.loader.flavor == .systemdBoot && systemd.loader.firmware == .efi)
    }

    @Test func readsFileSystems() throws {
        let layout = try read(
            """
            <disk dev="/dev/sda" label_type="gpt" unit_of_measurement="MB">
              <part num="1" size="100" p_type="primary"/><part num="2" size="100" p_type="primary"/>
              <part num="3" size="*" p_type="primary"/><part num="4" size="100" p_type="primary"/>
            </disk>
            <fsinfo line="10" comment="# the beginning"/>
            <fsinfo line="20" real_dev="/dev/sda3" mount_dev="LABEL=root" mp="/" fs="ext4" mkfs_opts="-m 1 -O ^64bit"
                options="noatime,errors=remount-ro" dump="1" pass="1"/>
            <fsinfo line="30" real_dev="/dev/sda1" mount_dev="UUID=x" mp="none" fs="swap"/>
            <fsinfo line="40" real_dev="/dev/sda2" mount_dev="/dev/sda2" mp="/home" fs="xfs" format="no" comment="kept"/>
            <fsinfo line="50" real_dev="/dev/sda4" mp="/x" fs="btrfs" format="yes"/>
            <fsinfo line="60" mount_dev="server:/data" mp="/data" fs="nfs" options="rw"/>
            """)
        let systems = layout.fileSystems
        #expect(systems.map(\.kind) == [.ext4, .swap, .xfs, .btrfs, .nfs])
        #expect(
            systems[0].naming == .label && systems[0].label == "root" && systems[0].dump == 1 && systems[0].pass == 1)
        #expect(systems[0].makeOptions == ["-m", "1", "-O", "^64bit"])
        #expect(systems[0].options == "noatime,errors=remount-ro")
        #expect(systems[1].mountPoint == nil && systems[1].naming == .uuid)
        #expect(systems[2].naming == .device && !systems[2].format && systems[2].comment == "kept")
        #expect(systems[4].device == .other("server:/data") && systems[4].options == "rw")
    }

    // MARK: - What is wrong, and where

    @Test(arguments: [
        ("<disk label_type=\"gpt\" unit_of_measurement=\"MB\"/>", 3, "<disk>", "no attribute dev"),
        ("<disk dev=\"/dev/sda\" unit_of_measurement=\"MB\"/>", 3, "<disk>", "no attribute label_type"),
        ("<disk dev=\"/dev/sda\" label_type=\"gpt\"/>", 3, "<disk>", "no attribute unit_of_measurement"),
        ("<disk dev=\"/dev/sda\" label_type=\"mac\" unit_of_measurement=\"MB\"/>", 3, "<disk>", "`mac`"),
        ("<disk dev=\"/dev/sda\" label_type=\"gpt\" unit_of_measurement=\"furlong\"/>", 3, "<disk>", "furlong"),
        (
            "<disk dev=\"/dev/sda\" label_type=\"gpt\" unit_of_measurement=\"MB\">\n\n<part size=\"1\" p_type=\"primary\"/></disk>",
            5, "<part>", "no attribute num"
        ),
        (
            "<disk dev=\"/dev/sda\" label_type=\"gpt\" unit_of_measurement=\"MB\">\n<part num=\"1\" size=\"x\" p_type=\"primary\"/></disk>",
            4, "<part>", "size `x`"
        ),
        (
            "<disk dev=\"/dev/sda\" label_type=\"gpt\" unit_of_measurement=\"MB\">\n<part num=\"1\" size=\"1\" p_type=\"primary\" flags=\"bood\"/></disk>",
            4, "<part>", "flag `bood`"
        ),
        (
            "<disk dev=\"/dev/sda\" label_type=\"gpt\" unit_of_measurement=\"MB\">\n<part num=\"1\" size=\"1\" p_type=\"third\"/></disk>",
            4, "<part>", "`third`"
        ),
        ("<dsk/>", 2, "<config>", "no <disk>"),
    ])
    func namesLineAndElement(text: String, line: Int, element: String, reason: String) throws {
        let problem = #expect(throws: LayoutFileError.self) { _ = try read(text) }
        guard case .bad(_, let found, let place, let why) = problem else {
            Issue.record("\(String(describing: problem))")
            return
        }
        #expect(found == line && place == element && why.contains(reason), "\(why)")
    }

    @Test(arguments: [
        ("<raid><raid_disk raid_level=\"1\"/></raid>", "name"),
        ("<raid><raid_disk name=\"/dev/md0\"/></raid>", "raid_level"),
        ("<raid><raid_disk name=\"/dev/md0\" raid_level=\"3\"/></raid>", "raid_level `3`"),
        ("<lvm><lvm_group/></lvm>", "name"), ("<lvm><lvm_group name=\"vg\"><lv size=\"1\"/></lvm_group></lvm>", "name"),
        ("<lvm><lvm_group name=\"vg\"><lv name=\"a\"/></lvm_group></lvm>", "size"),
        ("<bootloader install_type=\"efi\"/>", "flavor"), ("<bootloader flavor=\"grub2\"/>", "install_type"),
        ("<bootloader flavor=\"lilo\" install_type=\"legacy\"/>", "lilo"),
        ("<bootloader flavor=\"grub2\" install_type=\"legacy\"><target/></bootloader>", "dev"),
        ("<fsinfo real_dev=\"/dev/sda1\" mp=\"/x\"/>", "attribute fs"),
        ("<fsinfo real_dev=\"/dev/sda1\" mp=\"/x\" fs=\"minix\"/>", "minix"),
        ("<fsinfo mp=\"/x\" fs=\"ext4\"/>", "real_dev"),
        ("<fsinfo real_dev=\"/dev/sda1\" mp=\"/x\" fs=\"ext4\" format=\"perhaps\"/>", "perhaps"),
        ("<fsinfo real_dev=\"/dev/sda1\" mp=\"/x\" fs=\"ext4\" mount_dev=\"x\"/>", "mount_dev"),
        ("<floppy/>", "no such element"),
        ("<disk dev=\"a\" label_type=\"gpt\" unit_of_measurement=\"MB\" hue=\"1\"/>", "hue"),
    ])
    func refusesWhatIsNotThereOrNotKnown(text: String, reason: String) {
        let problem = #expect(throws: LayoutFileError.self) { _ = try read(plain + text + root) }
        #expect(problem?.description.contains(reason) == true, "\(problem?.description ?? "")")
    }

    @Test func namesTheLineOfWhatIsNotXML() {
        let problem = #expect(throws: LayoutFileError.self) { _ = try read("<disk\n<part>") }
        #expect(problem?.description.hasPrefix("a.xml:") == true)
    }

    @Test func fetchesNothing() {
        let text = "<!DOCTYPE config [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>\n<config>&x;</config>"
        #expect(throws: LayoutFileError.self) { _ = try DiskLayout(reading: text, as: .xml, file: "a.xml") }
    }
}
