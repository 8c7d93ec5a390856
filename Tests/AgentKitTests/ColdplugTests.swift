import AgentKit
import Glibc
import Testing

@Suite struct ColdplugTests {
    @Test func findsEachModaliasOnceAndFollowsNoLinks() throws {
        let scratch = try ScratchDirectory()
        let devices = [
            ("pci0000:00/0000:00:02.0", "pci:v00001AF4d00001000\n"),
            ("pci0000:00/0000:00:02.0/virtio0", "virtio:d1v2\n"),
            ("platform/twin", "virtio:d1v2\n"), ("platform/silent", "\n"),
        ]
        for (device, modalias) in devices {
            try SmallFile.makeDirectory("\(scratch.path)/\(device)")
            try SmallFile.replace("\(scratch.path)/\(device)/modalias", with: Array(modalias.utf8))
        }
        // sysfs is full of links that lead back up.
        symlink("\(scratch.path)", "\(scratch.path)/platform/twin/subsystem")
        let found = Coldplug.modaliases(under: scratch.path)
        #expect(found.sorted() == ["pci:v00001AF4d00001000", "virtio:d1v2"])
        #expect(Coldplug.modaliases(under: "\(scratch.path)/absent").isEmpty)
    }
}
