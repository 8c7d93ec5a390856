import FoundationEssentials
import Testing

@testable import DiskLayout

/// What is on a disk, where udev does not run and lsblk tells nothing of it.
@Suite struct BlockDeviceTests {
    @Test func takesWhatBlkidTellsAndLsblkDoesNot() throws {
        let json = #"{"path":"/dev/vda3","name":"vda3","type":"part","fstype":null,"uuid":"known","pttype":null}"#
        var device = try JSONDecoder().decode(BlockDevice.self, from: Data(json.utf8))
        device.take(
            BlockDevice.probed(
                """
                DEVNAME=/dev/vda3
                LABEL=my\\ own\\\\disk
                UUID=330ad352-4039-4545-980c-c01f017282e8
                TYPE=ext4
                PART_ENTRY_TYPE=0fc63daf-8483-4772-8e79-3d69d8477de4
                PART_ENTRY_NAME=
                nonsense
                """))
        #expect(device.content == "ext4")
        #expect(device.uuid == "known", "lsblk's own word counts")
        #expect(device.label == #"my own\disk"#)
        #expect(device.partitionType == "0fc63daf-8483-4772-8e79-3d69d8477de4")
        #expect(device.table == nil && device.partitionUUID == nil)
        #expect(BlockDevice.probed("").isEmpty)
    }
}
