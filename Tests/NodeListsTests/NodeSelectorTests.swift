import Testing

@testable import NodeLists

@Suite struct NodeSelectorTests {
    private static let nodes = [
        subject("n001", ["compute"], ["state": ["ready"], "capsule": ["compute@12"]]),
        subject("n002", ["compute", "gpu"], ["state": ["failed"], "capsule": ["compute@12"]]),
        subject("login", ["service"], ["state": ["failed"], "capsule": []]),
    ]

    private static func subject(
        _ name: String, _ groups: [String], _ values: [String: [String]]
    ) -> (String, [String], [String: [String]]) { (name, groups, values) }

    private func selected(_ words: String...) throws -> [String] {
        let selector = try NodeSelector(words)
        return try Self.nodes.filter { name, groups, values in
            try selector.selects(.init(name: name, groups: groups) { values[$0] })
        }.map(\.0)
    }

    @Test func namesAndGroupsAddUp() throws {
        #expect(try selected("n001", "@service") == ["n001", "login"])
        #expect(try selected("n00[1-2] login") == ["n001", "n002", "login"])
    }

    @Test func conditionsMustAllHold() throws {
        #expect(try selected("state=failed") == ["n002", "login"])
        #expect(try selected("@compute", "state=failed") == ["n002"])
        #expect(try selected("state!=failed") == ["n001"])
        #expect(try selected("capsule=compute@*", "state=ready") == ["n001"])
        #expect(try selected("capsule!=*") == ["login"], "a node without a capsule has none that matches")
    }

    @Test func whatIsTakenAwayGoes() throws {
        #expect(try selected("*", "-n001") == ["n002", "login"])
        #expect(try selected("@compute !@gpu") == ["n001"])
        #expect(try selected("-login") == ["n001", "n002"])
    }

    @Test func saysWhatIsNotThere() throws {
        let selector = try NodeSelector(["n[001-003]", "x*", "@nosuch", "login"])
        #expect(try selector.missing(among: Set(Self.nodes.map(\.0))) == ["n003"])
    }

    @Test func refusesKeysThatNoNodeHas() throws {
        #expect(throws: NodePatternError.unknownKey("colour")) { try selected("colour=red") }
        #expect(throws: NodePatternError.noKey("=red")) { try NodeSelector(["=red"]) }
        #expect(throws: NodePatternError.empty) { try NodeSelector(["@"]) }
    }

    @Test func isEmptyWithoutWords() throws {
        #expect(try NodeSelector([" ", ""]).isEmpty)
        #expect(try !NodeSelector(["*"]).isEmpty)
    }
}
