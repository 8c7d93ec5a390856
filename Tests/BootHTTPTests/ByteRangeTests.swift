import Testing

@testable import BootHTTP

@Suite struct ByteRangeTests {
    @Test(arguments: [
        (nil, ByteRange.whole),
        ("bytes=0-", .part(0..<1000)),
        ("bytes=0-0", .part(0..<1)),
        ("bytes=10-19", .part(10..<20)),
        ("Bytes=990-5000", .part(990..<1000)),
        ("bytes=-100", .part(900..<1000)),
        ("bytes=-5000", .part(0..<1000)),
        ("bytes=999-", .part(999..<1000)),
        ("bytes=1000-", .unsatisfiable),
        ("bytes=1000-2000", .unsatisfiable),
        ("bytes=-0", .unsatisfiable),
        // What does not read is ignored, as RFC 9110 has it.
        ("bytes=20-10", .whole),
        ("bytes=a-b", .whole),
        ("bytes=+1-2", .whole),
        ("bytes=1-2,5-6", .whole),
        ("bytes=99999999999999999999-", .whole),
        ("bytes=", .whole),
        ("lines=1-2", .whole),
    ])
    func aHeaderIsSettledAgainstTheSize(header: String?, expected: ByteRange) {
        #expect(ByteRange.parse(header, size: 1000) == expected)
    }

    @Test func nothingOfAnEmptyFileIsSatisfiable() {
        #expect(ByteRange.parse("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange.parse(nil, size: 0) == .whole)
    }
}
