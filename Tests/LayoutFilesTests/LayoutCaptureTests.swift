import DiskLayout
import Foundation
import LayoutFiles
import Testing

/// Layouts of machines that run.
@Suite struct LayoutCaptureTests {
    private func recorded(_ name: String) throws -> Data {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return try Data(contentsOf: URL(fileURLWithPath: "\(root)/Fixtures/lsblk/\(name)"))
    }

    private func text(_ name: String) throws -> String { String(decoding: try recorded(name), as: UTF8.self) }

    /// lsblk of util-linux 2.38 on disks that sfdisk, mdadm, LVM and mkfs made.
    @Test func aDiskOfEachTable() throws {
        for name in ["gpt", "msdos"] {
            let captured = try LayoutCapture(
                lsblk: recorded("\(name).json"), mdstat: "", fstab: text("\(name).fstab"))
            try captured.layout.check()
            #expect(captured.layout.yaml == (try text("\(name).yaml")), Comment(rawValue: captured.layout.yaml))
            #expect(captured.leftOut == [])
        }
    }

    @Test func arraysAndVolumes() throws {
        let captured = try LayoutCapture(
            lsblk: recorded("raid-lvm.json"), mdstat: text("raid-lvm.mdstat"), fstab: text("raid-lvm.fstab"))
        try captured.layout.check()
        #expect(captured.layout.yaml == (try text("raid-lvm.yaml")), Comment(rawValue: captured.layout.yaml))
        #expect(captured.leftOut.count == 2 && captured.leftOut[0].contains("proc on /proc"))
    }

    @Test func whatIsCapturedReadsBackAsTheSame() throws {
        let captured = try LayoutCapture(
            lsblk: recorded("raid-lvm.json"), mdstat: text("raid-lvm.mdstat"), fstab: text("raid-lvm.fstab"))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(captured.layout.yaml.utf8).write(to: file)
        #expect(try LayoutLibrary.read(file.path).yaml == captured.layout.yaml)
    }

    @Test func saysWhatIsWrong() throws {
        let missing = #expect(throws: LayoutCapture.Failure.self) {
            try LayoutCapture(lsblk: recorded("gpt.json"), mdstat: "", fstab: "", disks: ["/dev/sdz"])
        }
        #expect(missing?.description.contains("there is no disk /dev/sdz; lsblk shows") == true)
        for bytes in [Data(), Data("{}".utf8), Data("{\"blockdevices\": []}".utf8)] {
            #expect(throws: LayoutCapture.Failure.self) { try LayoutCapture(lsblk: bytes, mdstat: "", fstab: "") }
        }
    }
}
