import Foundation
import LayoutFiles
import Testing

@Suite struct LayoutLibraryTests {
    /// Each place in turn, the nearest taken away before the next is looked for.
    @Test func theNearestCounts() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "layouts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        let files = [
            "node/n001.disk", "group/gpu.disk", "group/rack1.disk", "base/n.disk", "capsule/cuda.disk", "default.disk",
        ]
        for name in files + ["group/other.disk", "base/n0.disk", "capsule/cuda@1.disk"] {
            let url = URL(fileURLWithPath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("/dev/sda1 * ext4 / defaults\n".utf8).write(to: url)
        }
        let library = LayoutLibrary(directory: root)
        for name in files {
            let found = try library.layout(of: "n001", groups: ["gpu", "rack1"], capsule: "cuda@12")
            #expect(found.file == "\(root)/\(name)")
            try FileManager.default.removeItem(atPath: found.file)
        }
        let error = #expect(throws: LayoutLibrary.Missing.self) {
            _ = try library.layout(of: "n001", groups: ["gpu"], capsule: "cuda@12")
        }
        let text = try #require(error?.description)
        #expect(text.contains("no disk layout for n001"))
        #expect(text.contains("group/gpu, \(root)/base/n, \(root)/capsule/cuda, \(root)/default"))
    }
}
