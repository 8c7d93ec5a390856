import Testing

@testable import DiskLayout

@Suite struct DevicePathTests {
    @Test(arguments: [
        ("/dev/sda1", "/dev/sda", 1), ("/dev/sdaa12", "/dev/sdaa", 12), ("/dev/vdb2", "/dev/vdb", 2),
        ("/dev/nvme0n1p3", "/dev/nvme0n1", 3), ("/dev/mmcblk0p1", "/dev/mmcblk0", 1), ("/dev/md0p1", "/dev/md0", 1),
        ("/dev/hda6", "/dev/hda", 6),
    ])
    func takesNamesApartAndTogether(path: String, disk: String, number: Int) throws {
        let (name, found) = try #require(DevicePath.split(path))
        #expect(name == disk && found == number)
        #expect(DevicePath.partition(number, of: disk) == path)
    }

    @Test(arguments: ["/dev/sda", "/dev/nvme0n1", "/dev/md0", "/dev/mmcblk0", "", "1", "/dev/sda0", "server:/home"])
    func refusesWhatIsNoPartition(path: String) {
        #expect(DevicePath.split(path) == nil)
    }
}
