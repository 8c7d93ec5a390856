import CapsuleFormat
import FoundationEssentials
import Testing

@testable import AgentKit

@Suite struct RootRecipeTests {
    private func manifest(_ format: String, _ settings: CapsuleSettings?) throws -> CapsuleManifest {
        CapsuleManifest(
            name: try #require(CapsuleName("small")), generation: 1, arch: "x86_64", imageFormat: format, streams: [],
            index: .init(sha256: ContentDigest(hashing: []), size: 0, chunks: 0), kernelRelease: "6.1.0",
            kernelCommandLine: "", chunker: .standard, created: 0, expires: nil,
            keyID: SigningKey().id, settings: settings)
    }

    @Test func isWhatTheManifestSays() throws {
        let plain = try RootRecipe(manifest("squashfs-zstd", nil))
        #expect(plain.image == .squashfs && plain.mode == .overlay)
        let erofs = try RootRecipe(manifest("erofs-lz4", CapsuleSettings(rootMode: .tmpfs)))
        #expect(erofs.image.rawValue == "erofs" && erofs.mode == .tmpfs)
    }

    @Test func refusesAFormatThatItDoesNotKnow() throws {
        let problem = #expect(throws: RootProblem.self) { try RootRecipe(manifest("ext4", nil)) }
        #expect(problem?.description.contains("ext4") == true)
    }
}
