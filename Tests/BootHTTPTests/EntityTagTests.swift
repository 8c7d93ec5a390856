import Testing

@testable import BootHTTP

@Suite struct EntityTagTests {
    private let tag = EntityTag(digest: "0a")

    @Test(
        arguments: [
            ("\"0a\"", true), ("W/\"0a\"", true), ("\"0b\", \"0a\"", true), ("*", true), (" \"0b\" ,W/\"0a\" ", true),
            ("\"0b\"", false), ("0a", false), ("", false), (nil, false),
        ] as [(String?, Bool)])
    func listsAreComparedWeakly(field: String?, isListed: Bool) {
        #expect(tag.isListed(in: field) == isListed)
    }

    @Test(
        arguments: [
            (nil, true), ("\"0a\"", true), ("W/\"0a\"", false), ("\"0b\"", false),
            ("Sat, 29 Oct 1994 19:43:31 GMT", false),
        ] as [(String?, Bool)])
    func rangesNeedTheSameBytes(field: String?, isAllowed: Bool) {
        #expect(tag.allowsRange(if: field) == isAllowed)
    }
}
