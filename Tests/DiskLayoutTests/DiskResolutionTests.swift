import Testing

@testable import DiskLayout

@Suite struct DiskResolutionTests {
    private static let gibibyte: UInt64 = 1 << 30

    private func layout(
        _ label: Disk.Label, _ partitions: [Partition], selector: DiskSelector = DiskSelector(), root: Int = 1,
        data: Disk.Data = .erase, loader: BootLoaderChoice.Flavor = .none, format: Bool = true
    ) -> DiskLayout {
        DiskLayout(
            disks: [Disk(name: "system", selector: selector, label: label, partitions: partitions, data: data)],
            fileSystems: [
                FileSystem(
                    device: .partition(disk: "system", number: root), mountPoint: "/", kind: .ext4, format: format)
            ], loader: BootLoaderChoice(flavor: loader))
    }

    private func plan(_ layout: DiskLayout, _ disks: [FoundDisk]) throws(LayoutProblem) -> DiskPlan {
        try DiskResolution.plan(layout, on: disks, firmware: .legacy)
    }

    @Test func givesTheRestToTheStarWhereverItStands() throws {
        let wanted = [
            Partition(number: 1, size: .bytes(100 << 20)), Partition(number: 2, size: .rest),
            Partition(number: 3, size: .bytes(512 << 20)),
        ]
        let disk = FoundDisk(path: "/dev/vda", bytes: 8 * Self.gibibyte)
        let found = try plan(layout(.gpt, wanted), [disk]).disks[0].partitions
        #expect(found.map(\.start) == [2048, 2048 + 204_800, 15_726_592])
        // The last MiB is the second table's.
        #expect(found[2].start + found[2].sectors == 8 * 2_097_152 - 2048)
        #expect(found[1].start + found[1].sectors == found[2].start)
        #expect(found.map(\.path) == ["/dev/vda1", "/dev/vda2", "/dev/vda3"])
    }

    @Test func countsPerCentsAndSectors() throws {
        let wanted = [
            Partition(number: 1, size: .percent(thousandths: 50_000)), Partition(number: 2, size: .sectors(4096)),
            Partition(number: 3, size: .percent(thousandths: 40_000)),
        ]
        let disk = FoundDisk(path: "/dev/sda", bytes: Self.gibibyte)
        let found = try plan(layout(.gpt, wanted), [disk]).disks[0].partitions
        #expect(found.map { $0.sectors / 2048 } == [511, 2, 408])
    }

    @Test func laysLogicalPartitionsOutInTheExtendedOne() throws {
        let wanted = [
            Partition(number: 1, size: .bytes(100 << 20), flags: [.boot]),
            Partition(number: 2, size: .rest, place: .extended),
            Partition(number: 5, size: .bytes(64 << 20), place: .logical),
            Partition(number: 6, size: .rest, place: .logical),
        ]
        let disk = FoundDisk(path: "/dev/sda", bytes: Self.gibibyte)
        let found = try plan(layout(.msdos, wanted), [disk]).disks[0].partitions
        #expect(found.map(\.type) == ["83", "5", "83", "83"])
        #expect(found[2].start == found[1].start + 2048)
        #expect(found[3].start == found[2].start + found[2].sectors + 2048)
        #expect(found[3].start + found[3].sectors == found[1].start + found[1].sectors)
        #expect(found[0].isBootable)
    }

    @Test func endsATableOfTheBIOSAtTwoTebibytes() throws {
        let disk = FoundDisk(path: "/dev/sda", bytes: 4 << 40)
        let found = try plan(layout(.msdos, [Partition(number: 1, size: .rest)]), [disk]).disks[0].partitions
        #expect(found[0].start + found[0].sectors == 1 << 32)
    }

    @Test func countsInSectorsOf4096Bytes() throws {
        let disk = FoundDisk(path: "/dev/nvme0n1", bytes: Self.gibibyte, sectorBytes: 4096)
        let found = try plan(layout(.gpt, [Partition(number: 1, size: .rest)]), [disk]).disks[0].partitions
        #expect(found[0].start == 256)
        #expect(found[0].path == "/dev/nvme0n1p1")
    }

    // MARK: - Refusals

    @Test func refusesWhatDoesNotFit() {
        let wanted = [Partition(number: 1, size: .bytes(2 * Self.gibibyte)), Partition(number: 2, size: .rest)]
        let disk = FoundDisk(path: "/dev/vda", bytes: Self.gibibyte)
        #expect(throws: LayoutProblem.tooSmall(disk: "/dev/vda", needs: 2_149_580_800, has: Self.gibibyte)) {
            _ = try plan(layout(.gpt, wanted), [disk])
        }
    }

    @Test func refusesNumbersThatAreTooLargeToAdd() {
        let wanted = (1...4).map { Partition(number: $0, size: .bytes(1 << 62)) }
        #expect(throws: LayoutProblem.self) {
            _ = try plan(layout(.gpt, wanted), [FoundDisk(path: "/dev/vda", bytes: Self.gibibyte)])
        }
    }

    @Test func takesNoOtherDiskThanTheOneThatIsMeant() {
        let wanted = layout(.gpt, [Partition(number: 1, size: .rest)], selector: DiskSelector(device: "/dev/sda"))
        let problem = #expect(throws: LayoutProblem.self) {
            _ = try plan(wanted, [FoundDisk(path: "/dev/vda", bytes: Self.gibibyte, model: "QEMU")])
        }
        #expect(problem?.description.contains("it has /dev/vda (1073741824 bytes, QEMU)") == true)
    }

    @Test func refusesAReadOnlyDisk() {
        let wanted = layout(.gpt, [Partition(number: 1, size: .rest)])
        #expect(throws: LayoutProblem.readOnly(disk: "/dev/vda")) {
            _ = try plan(wanted, [FoundDisk(path: "/dev/vda", bytes: Self.gibibyte, isReadOnly: true)])
        }
    }

    @Test func refusesADiskWithDataWhereTheLayoutSaysSo() {
        let wanted = layout(.gpt, [Partition(number: 1, size: .rest)], data: .refuse)
        let there = FoundDisk.Partition(number: 1, start: 2048, sectors: 4096, content: "ext4")
        let disk = FoundDisk(path: "/dev/vda", bytes: Self.gibibyte, content: "gpt", partitions: [there])
        #expect(throws: LayoutProblem.hasData(disk: "/dev/vda", what: ["/dev/vda1: ext4"])) {
            _ = try plan(wanted, [disk])
        }
    }

    // MARK: - Choosing

    @Test func choosesBySizeModelAndID() throws {
        let disks = [
            FoundDisk(path: "/dev/sda", bytes: 3 * Self.gibibyte, model: "Flash Reader", ids: ["aa"]),
            FoundDisk(path: "/dev/sdb", bytes: 9 * Self.gibibyte, model: "SAMSUNG MZ7", ids: ["bb", "wwn-0x1"]),
            FoundDisk(path: "/dev/sdc", bytes: 5 * Self.gibibyte, model: "SAMSUNG MZ9", ids: ["cc"]),
        ]
        let cases: [(DiskSelector, String)] = [
            (DiskSelector(choice: .largest), "/dev/sdb"), (DiskSelector(choice: .smallest), "/dev/sda"),
            (DiskSelector(model: "SAMSUNG*", choice: .smallest), "/dev/sdc"), (DiskSelector(id: "cc"), "/dev/sdc"),
            (DiskSelector(device: "/dev/disk/by-id/wwn-0x1"), "/dev/sdb"),
            (DiskSelector(atLeast: 4 * Self.gibibyte, atMost: 6 * Self.gibibyte), "/dev/sdc"),
        ]
        for (selector, path) in cases {
            let found = try plan(layout(.gpt, [Partition(number: 1, size: .rest)], selector: selector), disks)
            #expect(found.disks[0].path == path, "\(selector.text)")
        }
    }

    @Test func twoDisksOfALayoutAreTwoOfTheMachine() throws {
        var wanted = layout(.gpt, [Partition(number: 1, size: .rest)])
        wanted.disks.append(Disk(name: "second", selector: DiskSelector(), label: .gpt))
        let disks = ["/dev/vda", "/dev/vdb"].map { FoundDisk(path: $0, bytes: Self.gibibyte) }
        #expect(try plan(wanted, disks).disks.map(\.path) == ["/dev/vda", "/dev/vdb"])
        wanted.disks[0].selector = DiskSelector(device: "/dev/vda")
        wanted.disks[1].selector = DiskSelector(device: "/dev/vda")
        #expect(throws: LayoutProblem.sameDisk("system", "second", device: "/dev/vda")) { _ = try plan(wanted, disks) }
    }

    // MARK: - Keeping

    private func kept(content: String?) -> FoundDisk {
        FoundDisk(
            path: "/dev/vda", bytes: 4 * Self.gibibyte, content: "gpt",
            partitions: [
                FoundDisk.Partition(number: 1, start: 2048, sectors: 204_800, content: "swap"),
                FoundDisk.Partition(
                    number: 2, start: 1_000_000, sectors: 500_000, type: "AAAA", uuid: "BBBB", content: content,
                    contentUUID: "1234"),
            ])
    }

    @Test func leavesAKeptPartitionWhereItIs() throws {
        var wanted = layout(
            .gpt,
            [
                Partition(number: 1, size: .rest), Partition(number: 2, size: .bytes(1 << 20), keep: true),
                Partition(number: 3, size: .bytes(1 << 30)),
            ])
        wanted.fileSystems.append(
            FileSystem(
                device: .partition(disk: "system", number: 2), mountPoint: "/home", kind: .ext4, format: false))
        let found = try plan(wanted, [kept(content: "ext4")])
        let partitions = found.disks[0].partitions
        #expect(partitions[1].start == 1_000_000 && partitions[1].sectors == 500_000)
        #expect(partitions[1].type == "AAAA" && partitions[1].uuid == "BBBB")
        // The rest ends before it; what follows begins behind it, at a whole MiB.
        #expect(partitions[0].start + partitions[0].sectors <= 1_000_000)
        #expect(partitions[2].start == 1_501_184)
        #expect(found.keptUUIDs == ["/dev/vda2": "1234"])
    }

    @Test(arguments: [nil, "xfs"])
    func refusesToKeepWhatIsNotThere(content: String?) {
        var wanted = layout(
            .gpt, [Partition(number: 1, size: .rest), Partition(number: 2, size: .bytes(1 << 20), keep: true)])
        wanted.fileSystems.append(
            FileSystem(
                device: .partition(disk: "system", number: 2), mountPoint: "/home", kind: .ext4, format: false))
        #expect(throws: LayoutProblem.self) { _ = try plan(wanted, [kept(content: content)]) }
        #expect(throws: LayoutProblem.self) {
            _ = try plan(wanted, [FoundDisk(path: "/dev/vda", bytes: 4 * Self.gibibyte)])
        }
    }

    // MARK: - Boot loaders

    @Test func wantsRoomForTheLoader() {
        let disk = FoundDisk(path: "/dev/vda", bytes: 4 * Self.gibibyte)
        let bare = layout(.gpt, [Partition(number: 1, size: .rest)], loader: .grub2)
        for firmware in BootLoaderChoice.Firmware.allCases {
            let problem = #expect(throws: LayoutProblem.self) {
                _ = try DiskResolution.plan(bare, on: [disk], firmware: firmware)
            }
            #expect(problem?.description.contains(firmware == .efi ? "/boot/efi" : "bios_grub") == true)
        }
        let fitting = layout(
            .gpt, [Partition(number: 1, size: .rest), Partition(number: 2, size: .bytes(1 << 20), flags: [.biosBoot])],
            loader: .grub2)
        #expect(throws: Never.self) { _ = try DiskResolution.plan(fitting, on: [disk], firmware: .legacy) }
    }
}
