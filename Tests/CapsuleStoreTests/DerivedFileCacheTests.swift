import CapsuleFormat
import Testing

@testable import CapsuleStore

@Suite struct DerivedFileCacheTests {
    private let directory: TemporaryDirectory
    private let cache: DerivedFileCache
    private let inputs = ContentDigest(hashing: [1])

    init() throws {
        directory = try TemporaryDirectory()
        cache = DerivedFileCache(try CapsuleStore(at: directory.path))
    }

    private func entry() throws -> String { "cache/derived/" + (try #require(directory.names("cache/derived").first)) }

    @Test func whatWasKeptIsGivenBack() throws {
        #expect(try !cache.take(inputs, as: directory.path + "/a"))
        let made = try directory.write("made", "bytes")
        try cache.keep(made, for: inputs)
        try cache.keep(made, for: inputs)
        #expect(try cache.take(inputs, as: directory.path + "/a"))
        #expect(try directory.read("a") == Array("bytes".utf8))
        #expect(try !cache.take(ContentDigest(hashing: [2]), as: directory.path + "/b"))
        #expect(!directory.exists("b"))
        try cache.forget(inputs)
        #expect(try !cache.take(inputs, as: directory.path + "/b"))
    }

    /// A power cut in the middle of writing, and a bit that turned.
    @Test(arguments: ["", "byt", "bytez", "bytes and more"])
    func damagedEntryIsThrownAway(contents: String) throws {
        try cache.keep(try directory.write("made", "bytes"), for: inputs)
        try directory.write(entry(), contents)
        #expect(try !cache.take(inputs, as: directory.path + "/a"))
        #expect(!directory.exists("a"))
        #expect(try directory.names("cache/derived").isEmpty)
    }

    @Test func leastUsedGoesFirst() throws {
        for number in 0..<DerivedFileCache.capacity {
            try cache.keep(try directory.write("made\(number)", "bytes"), for: ContentDigest(hashing: [UInt8(number)]))
        }
        let oldest = try directory.names("cache/derived").map { "\(directory.path)/cache/derived/\($0)" }
        _ = try output(of: "touch", ["-d", "2001-01-01"] + oldest)
        let used = ContentDigest(hashing: [3])
        #expect(try cache.take(used, as: directory.path + "/a"))
        for number in 100..<(100 + DerivedFileCache.capacity - 1) {
            try cache.keep(try directory.write("made\(number)", "bytes"), for: ContentDigest(hashing: [UInt8(number)]))
        }
        #expect(try directory.names("cache/derived").count == DerivedFileCache.capacity)
        #expect(try cache.take(used, as: directory.path + "/b"))
    }
}
