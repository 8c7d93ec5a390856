import Testing

@testable import NodeLists

@Suite struct NodePatternTests {
    @Test(arguments: [
        ("n001", ["n001"]),
        ("n[001-003,150]", ["n001", "n002", "n003", "n150"]),
        ("n[8-11]", ["n8", "n9", "n10", "n11"]),
        ("n[08-11]", ["n08", "n09", "n10", "n11"]),
        ("r[1-2]n[1-2]-ib", ["r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib"]),
    ])
    func standsForNames(text: String, names: [String]) throws {
        let pattern = try NodePattern(text)
        #expect(try pattern.names() == names)
        for name in names { #expect(pattern.matches(name)) }
    }

    @Test(arguments: [
        ("n[1-100]", "n001"), ("n[001-100]", "n1"), ("n[001-100]", "n101"), ("n[001-100]", "n0001"),
        ("n[1-3]", "n1x"), ("rack1*", "rack"), ("n00?", "n00"), ("n00?", "n0012"), ("n", "nn"),
    ])
    func passesOverOtherNames(text: String, name: String) throws {
        #expect(try !NodePattern(text).matches(name))
    }

    @Test(arguments: [
        ("rack1*", "rack1"), ("rack1*", "rack1-n07"), ("*", "anything"), ("n00?", "n007"), ("*-[1-3]-*", "a-b-2-c"),
        ("n*[1-3]", "n123"), ("[1-100]x", "42x"), ("*a*a*a*", "aaa"),
    ])
    func wildcardsMatch(text: String, name: String) throws {
        #expect(try NodePattern(text).matches(name))
    }

    /// A matcher that tries all ways one after the other would take years.
    @Test func manyWildcardsAreNoWork() throws {
        let pattern = try NodePattern(String(repeating: "a*", count: 15) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 63)))
    }

    @Test(arguments: [
        ("", NodePatternError.empty),
        ("n[1-3", .openBracket("1-3")),
        ("n1]", .strayBracket("n1]")),
        ("n[]", .notANumber("")),
        ("n[1-2-3]", .notANumber("1-2-3")),
        ("n[a]", .notANumber("a")),
        ("n[3-1]", .backwards("3-1")),
        ("n[01-100]", .unevenWidth("01-100")),
        ("n[1-9999999999]", .notANumber("1-9999999999")),
    ])
    func refusesWhatIsNone(text: String, error: NodePatternError) {
        #expect(throws: error) { try NodePattern(text) }
    }

    @Test func boundsWhatIsWrittenOut() throws {
        #expect(throws: NodePatternError.tooMany("n[1-999999999]")) { try NodePattern("n[1-999999999]").names() }
        let deep = String(repeating: "[0-999999999]", count: 8)
        #expect(throws: NodePatternError.tooMany(deep)) { try NodePattern(deep).names() }
        #expect(throws: NodePatternError.unbounded("n*")) { try NodePattern("n*").names() }
    }

    @Test(arguments: [
        (["n1", "n2", "n3"], ["n[1-3]"]),
        (["n099", "n100", "n101", "n150", "login"], ["n[099-101,150]", "login"]),
        (["n9", "n10"], ["n[9-10]"]),
        (["n999", "n1000", "n001"], ["n[001,999]", "n1000"]),
        (["r1-ib", "r2-ib"], ["r[1-2]-ib"]),
        (["a", "b", "a"], ["a", "b"]),
        (["n7"], ["n7"]),
        (["n12345678901"], ["n12345678901"]),
    ])
    func foldsNames(names: [String], words: [String]) throws {
        #expect(FoldedNames.words(of: names) == words)
        let unfolded = try words.flatMap { try NodePattern($0).names() }
        #expect(Set(unfolded) == Set(names), "what was folded reads back")
    }
}
