import Foundation
import Testing

@testable import CapsuleStore

@Suite struct StreamedFileTests {
    /// Past the page cache and, on a file system that does not have that, through it: the same bytes.
    @Test(arguments: ["", "/dev/shm"], [1, 4096, 2 << 20, 5_000_001])
    func keepsEveryByte(place: String, size: Int) throws {
        let directory = (place.isEmpty ? FileManager.default.temporaryDirectory.path : place) + "/\(UUID())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
        let path = directory + "/file"
        let file = try StreamedFile(creating: path, permissions: 0o444)
        var done = 0
        while done < size {
            let piece = AlignedPiece()
            let taken = bytes[done...].withUnsafeBytes { piece.append($0) }
            #expect(piece.isFull == (taken == 2 << 20))
            piece.pad()
            try file.write(piece, at: done)
            done += taken
        }
        try file.end(at: size)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
        #expect(throws: StoreError.self) { _ = try StreamedFile(creating: path, permissions: 0o444) }
    }

    /// A file that cannot be made is the build's error, and nothing is left waiting.
    @Test func givesUpWithAnError() throws {
        let files = BundleFiles(directory: "/nowhere")
        let bytes = [UInt8](repeating: 1, count: 100)
        #expect(throws: StoreError.self) { try files.append(bytes.span) }
        try files.finish()
    }
}
