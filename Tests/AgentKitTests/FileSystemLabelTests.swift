import Testing

@testable import AgentKit

@Suite struct FileSystemLabelTests {
    static func image(_ parts: [(offset: Int, bytes: [UInt8])]) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: FileSystemLabel.windowSize)
        for (offset, bytes) in parts { image.replaceSubrange(offset..<offset + bytes.count, with: bytes) }
        return image
    }

    static let name = Array("PERSEID-CACHE".utf8)

    @Test func findsEachKind() throws {
        let images: [(FileSystemLabel.Kind, [UInt8], String)] = [
            (.ext4, Self.image([(1080, [0x53, 0xef]), (1144, Self.name)]), "PERSEID-CACHE"),
            // XFS has room for twelve bytes.
            (.xfs, Self.image([(0, Array("XFSB".utf8)), (108, Array("PERSEID-CACH".utf8))]), "PERSEID-CACH"),
            (.btrfs, Self.image([(65_600, Array("_BHRfS_M".utf8)), (65_835, Self.name)]), "PERSEID-CACHE"),
        ]
        for (kind, image, label) in images {
            let found = try #require(FileSystemLabel(image))
            #expect(found.kind == kind)
            #expect(found.label == label)
        }
    }

    @Test func takesNothingElse() {
        #expect(FileSystemLabel([]) == nil)
        #expect(FileSystemLabel(Self.image([])) == nil)
        // No label, a label without a file system, and a device that ends in the middle.
        #expect(FileSystemLabel(Self.image([(1080, [0x53, 0xef])])) == nil)
        #expect(FileSystemLabel(Self.image([(1144, Self.name)])) == nil)
        for length in [0, 1, 1080, 1081, 1143, 1150] {
            let whole = Self.image([(1080, [0x53, 0xef]), (1144, Self.name)])
            #expect(FileSystemLabel(Array(whole.prefix(length))) == nil)
        }
    }
}
