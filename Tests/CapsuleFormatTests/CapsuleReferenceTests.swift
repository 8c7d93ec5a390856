import CapsuleFormat
import Testing

@Suite struct CapsuleReferenceTests {
    @Test(arguments: ["compute", "small", "a", "0", "debian-12.5_hpc", String(repeating: "x", count: 64)])
    func namesWithinTheRules(text: String) {
        #expect(CapsuleName(text)?.text == text)
    }

    @Test(arguments: [
        "", ".", "..", ".hidden", "-option", "_x", "Compute", "a/b", "../a", "a b", "a\0", "ä", "a@1", "a:b",
        String(repeating: "x", count: 65),
    ])
    func namesAgainstTheRules(text: String) {
        #expect(CapsuleName(text) == nil)
    }

    @Test func threeForms() throws {
        let name = try #require(CapsuleName("compute"))
        let stable = try #require(CapsuleName("stable"))
        let canary = try #require(CapsuleName("canary"))
        #expect(CapsuleReference("compute") == .channel(name, channel: stable))
        #expect(CapsuleReference("compute:canary") == .channel(name, channel: canary))
        let twelve = try #require(CapsuleGeneration(name: name, number: 12))
        #expect(CapsuleReference("compute@12") == .generation(twelve))
        #expect(CapsuleGeneration("compute@12") == twelve)
        #expect(twelve.description == "compute@12")
        #expect(CapsuleReference("compute")?.description == "compute:stable")
    }

    @Test(arguments: [
        "", "@", "@1", "compute@", "compute@0", "compute@01", "compute@-1", "compute@+1", "compute@1x",
        "compute@9999999999", "compute:", ":stable", "compute:a:b", "compute:a@1", "compute@1@2", "../x@1",
    ])
    func otherTextIsNoReference(text: String) {
        #expect(CapsuleReference(text) == nil)
    }

    @Test func channelIsNoGeneration() {
        #expect(CapsuleGeneration("compute") == nil)
        #expect(CapsuleGeneration("compute:stable") == nil)
    }
}
