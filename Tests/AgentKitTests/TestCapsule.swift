import CapsuleFormat
import Testing

/// A small capsule made for a test: its streams cut into chunks, the chunks in bundles, the head signed.
struct TestCapsule {
    let generation: CapsuleGeneration
    let key: SigningKey
    let manifest: [UInt8]
    let index: [UInt8]
    /// The bundle files by name.
    let bundles: [ContentDigest: [UInt8]]
    let decodedIndex: CapsuleIndex

    /// - Parameter bundleSize: a bundle is closed once it has as many bytes.
    init(
        _ generation: String, streams: [(role: StreamRole, bytes: [UInt8])], kernelRelease: String = "6.1.0",
        commandLine: String = "", key: SigningKey = SigningKey(), bundleSize: Int = 16 << 20,
        chunker: ChunkerParameters = .standard
    ) throws {
        self.generation = try #require(CapsuleGeneration(generation))
        self.key = key
        var builder = BundleBuilder(size: bundleSize)
        var summaries: [CapsuleManifest.StreamSummary] = []
        var entries: [(role: StreamRole, chunks: [ChunkEntry])] = []
        for (role, bytes) in streams {
            let chunks = Chunker(chunker).chunks(of: bytes).map { builder.add(Array(bytes[$0])) }
            entries.append((role, chunks))
            summaries.append(.init(role: role, size: Int64(bytes.count), sha256: ContentDigest(hashing: bytes)))
        }
        builder.close()
        bundles = Dictionary(uniqueKeysWithValues: builder.files.map { (ContentDigest(hashing: $0), $0) })
        decodedIndex = try CapsuleIndex(
            streams: entries,
            bundles: builder.files.map { .init(id: ContentDigest(hashing: $0), size: UInt32($0.count)) })
        index = decodedIndex.encoded()
        let head = CapsuleManifest(
            name: self.generation.name, generation: self.generation.number, arch: "x86_64",
            imageFormat: "squashfs-zstd", streams: summaries,
            index: .init(
                sha256: ContentDigest(hashing: index), size: index.count, chunks: decodedIndex.chunks.count),
            kernelRelease: kernelRelease, kernelCommandLine: commandLine, chunker: chunker, created: 0, expires: nil,
            keyID: key.id)
        manifest = try SignedManifest.sign(head, with: key)
    }

    private struct BundleBuilder {
        let size: Int
        var files: [[UInt8]] = []
        private var open: [UInt8] = []

        init(size: Int) { self.size = size }

        mutating func add(_ chunk: [UInt8]) -> ChunkEntry {
            let entry = ChunkEntry(
                id: ContentDigest(hashing: chunk), storedLength: UInt32(chunk.count), rawLength: UInt32(chunk.count),
                bundle: UInt16(files.count), offset: UInt32(open.count))
            open += chunk
            if open.count >= size { close() }
            return entry
        }

        mutating func close() {
            if !open.isEmpty { files.append(open) }
            open = []
        }
    }
}
