import Testing

@testable import DiskLayout

@Suite struct DiskWorkTests {
    private func work(_ layout: DiskLayout, disks: Int = 1) throws -> DiskWork {
        let found = (0..<disks).map { number in
            FoundDisk(path: "/dev/vd\(["a", "b", "c"][number])", bytes: 8 << 30)
        }
        let plan = try DiskResolution.plan(layout, on: found, firmware: .legacy)
        var count = 0
        return DiskWork(layout, plan) {
            count += 1
            return "00000000-0000-4000-8000-00000000000\(count)"
        }
    }

    private func disk(_ name: String, _ partitions: [Partition]) -> Disk {
        Disk(name: name, selector: DiskSelector(), label: .gpt, partitions: partitions)
    }

    @Test func partitionsWipesAndFormats() throws {
        let work = try work(
            DiskLayout(
                disks: [
                    disk(
                        "a",
                        [
                            Partition(number: 1, size: .bytes(1 << 20), flags: [.biosBoot]),
                            Partition(number: 2, size: .bytes(1 << 28)),
                            Partition(number: 3, size: .rest, label: "root"),
                        ])
                ],
                fileSystems: [
                    FileSystem(device: .partition(disk: "a", number: 2), mountPoint: nil, kind: .swap),
                    FileSystem(
                        device: .partition(disk: "a", number: 3), mountPoint: "/", kind: .ext4,
                        makeOptions: ["-m", "1"], pass: 1, label: "root"),
                    FileSystem(device: .other("server:/home"), mountPoint: "/home", kind: .nfs, options: "rw"),
                ]))
        #expect(
            work.commands.map(\.words[0]) == [
                "sfdisk", "blockdev", "wipefs", "wipefs", "wipefs", "mkswap", "mkfs.ext4",
            ])
        #expect(
            work.commands[0].input == """
                label: gpt
                unit: sectors
                1 : start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
                2 : start=4096, size=524288, type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F
                3 : start=528384, size=16246784, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="root"

                """)
        #expect(work.commands[1].makes == ["/dev/vda1", "/dev/vda2", "/dev/vda3"])
        #expect(
            work.commands[6].words == [
                "mkfs.ext4", "-q", "-F", "-U", "00000000-0000-4000-8000-000000000002", "-L", "root", "-m", "1",
                "/dev/vda3",
            ])
        #expect(
            work.fileSystemTable.split(separator: "\n").dropFirst().map(String.init) == [
                "UUID=00000000-0000-4000-8000-000000000001\tnone\tswap\tsw\t0\t0",
                "UUID=00000000-0000-4000-8000-000000000002\t/\text4\tdefaults\t0\t1",
                "server:/home\t/home\tnfs\trw\t0\t0",
            ])
    }

    @Test func doesNotTouchWhatIsKept() throws {
        let layout = DiskLayout(
            disks: [disk("a", [Partition(number: 1, size: .rest), Partition(number: 2, size: .rest, keep: true)])],
            fileSystems: [
                FileSystem(device: .partition(disk: "a", number: 1), mountPoint: "/", kind: .xfs),
                FileSystem(
                    device: .partition(disk: "a", number: 2), mountPoint: "/home", kind: .ext4, format: false),
            ], loader: BootLoaderChoice(flavor: .none))
        let there = FoundDisk.Partition(
            number: 2, start: 8_000_000, sectors: 4_000_000, type: "T", uuid: "U", content: "ext4", contentUUID: "C")
        let found = FoundDisk(path: "/dev/vda", bytes: 8 << 30, content: "gpt", partitions: [there])
        let work = DiskWork(layout, try DiskResolution.plan(layout, on: [found], firmware: .legacy)) { "new" }
        let words = work.commands.flatMap(\.words)
        #expect(!words.contains("/dev/vda2"))
        #expect(work.commands[0].input?.contains("2 : start=8000000, size=4000000, type=T, uuid=U\n") == true)
        #expect(work.fileSystemTable.contains("UUID=C\t/home\text4"))
    }

    @Test func mirrorsAndGroups() throws {
        let member = [
            Partition(number: 1, size: .bytes(1 << 20), flags: [.biosBoot]),
            Partition(number: 2, size: .rest, flags: [.raid]),
        ]
        let layout = DiskLayout(
            disks: [disk("a", member), disk("b", member), disk("c", member)],
            arrays: [
                RaidArray(
                    name: "/dev/md0", level: .mirrored,
                    members: [.partition(disk: "a", number: 2), .partition(disk: "b", number: 2)],
                    spares: [.partition(disk: "c", number: 2)], group: "vg")
            ],
            groups: [
                VolumeGroup(
                    name: "vg", extentBytes: 8 << 20,
                    volumes: [
                        VolumeGroup.Volume(name: "root", size: .rest),
                        VolumeGroup.Volume(name: "swap", size: .bytes(1 << 28), options: ["--contiguous", "y"]),
                    ])
            ],
            fileSystems: [
                FileSystem(device: .volume(group: "vg", name: "root"), mountPoint: "/", kind: .btrfs),
                FileSystem(device: .volume(group: "vg", name: "swap"), mountPoint: nil, kind: .swap),
            ])
        let work = try work(layout, disks: 3)
        let create = try #require(work.commands.first { $0.words[0] == "mdadm" }).words
        #expect(
            create.contains("--level=1") && create.contains("--raid-devices=2") && create.contains("--spare-devices=1"))
        #expect(Array(create.suffix(3)) == ["/dev/vda2", "/dev/vdb2", "/dev/vdc2"])
        let volumes = work.commands.filter { $0.words[0] == "lvcreate" }
        // The one that takes the rest is made last.
        #expect(volumes.map(\.makes) == [["/dev/vg/swap"], ["/dev/vg/root"]])
        #expect(volumes[1].words.contains("100%FREE"))
        #expect(layout.bootDisks == ["a", "b", "c"])
        #expect(layout.disks(under: .volume(group: "vg", name: "root")) == ["a", "b", "c"])
    }

    @Test func writesUUIDsAsMdadmWantsThem() {
        #expect(
            DiskWork.arrayUUID("01234567-89ab-cdef-0123-456789abcdef") == "01234567:89abcdef:01234567:89abcdef")
    }
}
