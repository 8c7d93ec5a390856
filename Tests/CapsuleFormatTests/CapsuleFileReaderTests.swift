import CapsuleFormat
import Testing

@Suite struct CapsuleFileReaderTests {
    private let whole: [UInt8]
    private let keys: TrustedKeys
    private let distinct: DistinctChunks
    /// Where the chunks begin.
    private let body: Int

    /// A file of three distinct chunks, one of them in both streams.
    init() throws {
        let contents: [[UInt8]] = [Array("first".utf8), Array("second chunk".utf8), [3]]
        let bundle = contents.flatMap { $0 }
        func entry(_ number: Int) -> ChunkEntry {
            let length = UInt32(contents[number].count)
            return ChunkEntry(
                id: ContentDigest(hashing: contents[number]), storedLength: length, rawLength: length, bundle: 0,
                offset: UInt32(contents[..<number].map(\.count).reduce(0, +)))
        }
        let index = try CapsuleIndex(
            streams: [(.root, [entry(1), entry(0), entry(1)]), (.modules, [entry(2), entry(1)])],
            bundles: [.init(id: ContentDigest(hashing: bundle), size: UInt32(bundle.count))])
        let encoded = index.encoded()
        let key = SigningKey()
        let manifest = CapsuleManifest(
            name: try #require(CapsuleName("a")), generation: 7, arch: "x86_64", imageFormat: "squashfs-zstd",
            streams: index.streams.map {
                .init(role: $0.role, size: $0.size, sha256: ContentDigest(hashing: [UInt8]()))
            },
            index: .init(
                sha256: ContentDigest(hashing: encoded), size: encoded.count, chunks: index.chunks.count),
            kernelRelease: "1", kernelCommandLine: "", chunker: .standard, created: 0, expires: 2000, keyID: key.id)
        let signed = try SignedManifest.sign(manifest, with: key)
        let head = try CapsuleFileHeader(manifestLength: signed.count, indexLength: encoded.count).encoded()
        whole = head + signed + encoded + contents[1] + contents[0] + contents[2]
        body = head.count + signed.count + encoded.count
        distinct = try DistinctChunks(of: index)
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: key.publicKeyFile)
        self.keys = keys
    }

    /// Reads as a caller does: what is wanted, and less where the bytes end.
    private func read(_ bytes: [UInt8], now: Int64 = 0) throws -> [CapsuleFileReader.Part] {
        var reader = CapsuleFileReader(trusting: keys, now: now)
        var parts: [CapsuleFileReader.Part] = []
        var position = 0
        while !reader.isComplete {
            let piece = Array(bytes[position..<min(bytes.count, position + reader.wanted)])
            parts.append(try reader.accept(piece))
            position += piece.count
            #expect(reader.position == position)
        }
        #expect(reader.wanted == 0 && reader.size == Int64(position))
        guard position == bytes.count else { throw CapsuleFileError.trailingBytes(after: Int64(position)) }
        return parts
    }

    @Test func chunksComeOnceInTheOrderOfTheStreams() throws {
        let parts = try read(whole)
        #expect(parts.count == 6)
        let lengths = parts.compactMap { part in
            if case .chunk(let chunk) = part { chunk.length } else { nil }
        }
        #expect(lengths == [12, 5, 1])
        #expect(distinct.chunks.map(\.places.count) == [1, 1, 1] && distinct.size == 18)
    }

    @Test func everyTruncationIsFound() throws {
        for length in 0..<whole.count {
            let error = #expect(throws: CapsuleFileError.self) { try read(Array(whole[..<length])) }
            guard case .truncated(let at, let missing)? = error else {
                Issue.record("\(length): \(String(describing: error))")
                continue
            }
            #expect(at == Int64(length) && missing > 0)
            if length >= body { #expect(missing == Int64(whole.count - length)) }
        }
    }

    @Test func everyFlippedBitIsFound() throws {
        for position in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[position] ^= 1 << bit
                #expect(throws: CapsuleFileError.self, "bit \(bit) of byte \(position)") { try read(bytes) }
            }
        }
    }

    @Test func trailingBytesAndASecondFileAreFound() throws {
        let end = Int64(whole.count)
        #expect(throws: CapsuleFileError.trailingBytes(after: end)) { try read(whole + [0]) }
        #expect(throws: CapsuleFileError.trailingBytes(after: end)) { try read(whole + whole) }
    }

    @Test func expiryAndTrustAreChecked() throws {
        #expect(throws: CapsuleFileError.manifest(.expired(at: 2000, now: 2000))) { try read(whole, now: 2000) }
        _ = try read(whole, now: 1999)
        var reader = CapsuleFileReader(trusting: TrustedKeys(), now: 0)
        _ = try reader.accept(Array(whole[..<24]))
        #expect(throws: CapsuleFileError.self) { try reader.accept(Array(whole[24..<(24 + reader.wanted)])) }
    }

    @Test func headerHasLimitsBeforeAnythingIsAllocated() throws {
        func header(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var bytes = Array(whole[..<24])
            change(&bytes)
            return bytes
        }
        #expect(throws: CapsuleFileError.notACapsule) { try CapsuleFileHeader(decoding: header { $0[0] = 0 }) }
        #expect(throws: CapsuleFileError.newerFormat(version: 2)) {
            try CapsuleFileHeader(decoding: header { $0[8] = 2 })
        }
        #expect(throws: CapsuleFileError.tooLarge(part: "manifest", bytes: .max, limit: SignedManifest.maximumSize)) {
            try CapsuleFileHeader(decoding: header { $0.replaceSubrange(12..<16, with: [255, 255, 255, 255]) })
        }
        #expect(throws: CapsuleFileError.tooLarge(part: "index", bytes: .max, limit: CapsuleIndex.maximumSize)) {
            try CapsuleFileHeader(decoding: header { $0.replaceSubrange(16..<20, with: [255, 255, 255, 255]) })
        }
    }

    @Test func bytesThatNobodyAskedForAreRefused() throws {
        var reader = CapsuleFileReader(trusting: keys, now: 0)
        #expect(throws: CapsuleFileError.outOfStep(wanted: 24, offered: 25)) {
            try reader.accept(Array(whole[..<25]))
        }
    }
}
