import Testing

@testable import CapsuleFormat

@Suite struct ChunkerTests {
    // The frozen values were computed by a second implementation of the same rules, in another language.

    /// Frozen: a change here means that no chunk of an older generation is found again.
    @Test func gearTableIsFrozen() {
        let words = (0..<256).map { GearTable.words[$0] }
        #expect(words[0] == 0x5E37_5E66_0ADF_4786)
        #expect(words[255] == 0xED0A_A690_B91D_F720)
        let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
        #expect(ContentDigest(hashing: bytes).hex == "5a7cfac988f9e506519c57f63e1c7617c641542a3a736b173a2049ca07742d46")
        #expect(ChunkerParameters.standard.gear == 1)
    }

    /// Frozen for the same reason.
    @Test func cutsAreFrozen() {
        let cuts = Chunker().chunks(of: deterministicBytes(4 << 20, seed: 42)).map(\.upperBound)
        #expect(
            cuts == [
                287013, 551072, 859019, 1_169_654, 1_474_741, 1_810_879, 2_085_326, 2_356_891, 2_634_381, 2_925_074,
                3_375_069, 3_658_593, 4_153_993, 4_194_304,
            ])
    }

    @Test func cutsOfSmallParametersAreFrozen() throws {
        let parameters = try #require(ChunkerParameters(minimum: 256, average: 1024, maximum: 4096))
        let cuts = Chunker(parameters).chunks(of: deterministicBytes(16 << 10, seed: 7)).map(\.upperBound)
        #expect(
            cuts == [
                608, 1668, 3103, 3854, 5541, 6569, 7757, 8229, 9401, 10772, 12005, 13030, 14075, 15177, 16384,
            ])
    }

    @Test(arguments: [0, 1, 255, 256, 257, 4095, 4096, 4097, 65_536])
    func chunksCoverTheStreamWithinTheLimits(size: Int) throws {
        let parameters = try #require(ChunkerParameters(minimum: 256, average: 1024, maximum: 4096))
        let chunks = Chunker(parameters).chunks(of: deterministicBytes(size, seed: 3))
        var position = 0
        for (index, chunk) in chunks.enumerated() {
            #expect(chunk.lowerBound == position)
            #expect(chunk.count <= 4096)
            #expect(chunk.count > 256 || index == chunks.count - 1)
            position = chunk.upperBound
        }
        #expect(position == size)
    }

    @Test func bytesWithoutAnyCutAreCutAtTheMaximum() throws {
        let parameters = try #require(ChunkerParameters(minimum: 256, average: 1024, maximum: 4096))
        let chunks = Chunker(parameters).chunks(of: Array(repeating: 0, count: 10_000))
        #expect(chunks.map(\.count) == [4096, 4096, 1808])
    }

    @Test func sizesComeOutNearTheAverage() throws {
        let parameters = try #require(ChunkerParameters(minimum: 256, average: 1024, maximum: 4096))
        let size = 1 << 20
        let count = Chunker(parameters).chunks(of: deterministicBytes(size, seed: 11)).count
        #expect((700...1500).contains(size / count))
    }

    @Test func insertionMovesOnlyTheCutsNearIt() throws {
        let parameters = try #require(ChunkerParameters(minimum: 256, average: 1024, maximum: 4096))
        let chunker = Chunker(parameters)
        let old = deterministicBytes(256 << 10, seed: 5)
        var new = old
        new.insert(contentsOf: [1, 2, 3], at: 100_000)
        let known = Set(chunker.chunks(of: old).map { ContentDigest(hashing: Array(old[$0])) })
        let fresh = chunker.chunks(of: new).filter { !known.contains(ContentDigest(hashing: Array(new[$0]))) }
        #expect(!fresh.isEmpty)
        #expect(fresh.count <= 4)
    }

    @Test(arguments: [(255, 1024, 4096), (256, 256, 4096), (256, 1000, 4096), (256, 1024, 1024), (256, 1024, 1 << 25)])
    func parametersThatMakeNoSenseAreRefused(minimum: Int, average: Int, maximum: Int) {
        #expect(ChunkerParameters(minimum: minimum, average: average, maximum: maximum) == nil)
    }

    /// The definition, byte by byte.
    private func plainChunks(of bytes: [UInt8], _ parameters: ChunkerParameters) -> [Range<Int>] {
        let bits = UInt64(parameters.average.trailingZeroBitCount)
        var chunks: [Range<Int>] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + parameters.maximum)
            var cut = end
            var hash: UInt64 = 0
            for position in start..<end {
                hash = (hash << 1) &+ GearTable.words[Int(bytes[position])]
                let length = position + 1 - start
                let isBeforeAverage = length <= parameters.average
                guard length > parameters.minimum, hash >> (64 - (isBeforeAverage ? bits + 2 : bits - 2)) == 0 else {
                    continue
                }
                cut = position + 1
                break
            }
            chunks.append(start..<cut)
            start = cut
        }
        return chunks
    }

    /// Small parameters cut often and within blocks, the standard ones across many of them.
    @Test(arguments: [
        (256, 1 << 10, 5_000), (300, 1 << 13, 40_000), (5_000, 1 << 14, 70_001), (65_536, 1 << 18, 1 << 20),
    ])
    func blocksSideBySideCutAsByteByByte(minimum: Int, average: Int, maximum: Int) throws {
        let parameters = try #require(ChunkerParameters(minimum: minimum, average: average, maximum: maximum))
        for seed in UInt64(20)..<24 {
            let bytes = deterministicBytes((3 << 20) + Int(seed) * 1237, seed: seed)
            #expect(Chunker(parameters).chunks(of: bytes) == plainChunks(of: bytes, parameters))
        }
    }
}
