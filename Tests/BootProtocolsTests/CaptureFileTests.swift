import Foundation
import PacketCapture
import Testing

@Suite("CaptureFile")
struct CaptureFileTests {
    /// A file of `bytes` for the time of `body`.
    private func withFile(_ bytes: some Sequence<UInt8>, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID()).pcap").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(filePath: path))
        try body(path)
    }

    private func fixture() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: CaptureFixtures.path("bios-virtio-ipxe"))))
    }

    @Test("frames with their times and lengths")
    func frames() throws {
        let frames = try CaptureFixtures.frames("uefi-edk2-tftp-lockstep")
        let first = try #require(frames.first)
        // 12:52:59.450533 UTC of the day it was taken.
        #expect(first.timestamp % 86_400_000_000_000 == 46_379_450_533_000)
        #expect(first.bytes.count == 120 && first.originalLength == 389)
        #expect(frames.map(\.timestamp) == frames.map(\.timestamp).sorted())
    }

    @Test("a file that is not there, or no capture, is told by name")
    func cannotOpen() throws {
        #expect {
            try CaptureFile.frames(of: "/nowhere.pcap")
        } throws: { error in
            guard case .cannotOpen("/nowhere.pcap", let reason)? = error as? CaptureError else { return false }
            return reason.contains("No such file")
        }
        try withFile([1, 2, 3]) { path in
            #expect(throws: CaptureError.self) { try CaptureFile.frames(of: path) }
        }
    }

    @Test("a capture that breaks off gives its good frames, then says where it broke")
    func broken() throws {
        let bytes = try fixture()
        try withFile(bytes.dropLast(5)) { path in
            var capture = try CaptureFile(path)
            var count = 0
            #expect {
                while try capture.next() != nil { count += 1 }
            } throws: { error in
                guard case .broken(path, let frames, _)? = error as? CaptureError else { return false }
                return frames == count
            }
            #expect(count == (try CaptureFixtures.frames("bios-virtio-ipxe").count) - 1)
        }
    }

    @Test("frames of another link type are refused")
    func linkType() throws {
        var bytes = try fixture()
        // The header's last field, little-endian: 101 is raw IP.
        bytes[20] = 101
        try withFile(bytes) { path in
            #expect(throws: CaptureError.notEthernet(path: path, linkType: "RAW")) { try CaptureFile.frames(of: path) }
        }
    }
}
