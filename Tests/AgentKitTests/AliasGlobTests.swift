import Glibc
import Testing

@testable import AgentKit

@Suite struct AliasGlobTests {
    @Test(arguments: [
        ("virtio:d00000001v*", "virtio:d00000001v00001AF4", true),
        ("virtio:d00000001v*", "virtio:d00000002v00001AF4", false),
        ("pci:v00001AF4d*sv*sd*bc*sc*i*", "pci:v00001AF4d00001000sv00001AF4sd00000001bc02sc00i00", true),
        ("usb:v0B95p172Ad*dc*dsc*dp*ic*isc*ip*in*", "usb:v0B95p172Ad0001dcFFdscFFdp00icFFiscFFip00in00", true),
        ("input:b*v*p*e*-e*1,*k*18A,*r*", "input:b0001v0002p0003e0001-e0,1,2,k110,18A,r", true),
        ("acpi*:PNP0C0[AC]:*", "acpi:PNP0C0C:", true),
        ("acpi*:PNP0C0[!AC]:*", "acpi:PNP0C0C:", false),
        ("cpu:type:x86,ven*fam*mod*:feature:*0081*", "cpu:type:x86,ven0002fam0019mod0001:feature:,0080,0081,", true),
        ("net-pf-16-proto-?", "net_pf_16_proto_9", true),
        ("a*", "", false), ("*", "", true), ("", "", true), ("", "a", false), ("a?c", "ac", false),
        ("[", "[", true), ("[a-c]x", "bx", true), ("[]]", "]", true),
    ])
    func matchesAsModprobeDoes(pattern: String, text: String, expected: Bool) {
        #expect(AliasGlob.matches(pattern.utf8, text.utf8) == expected)
    }

    /// The C library is the oracle, on patterns without `-` and `_`, which modprobe alone takes for one.
    @Test func agreesWithTheCLibrary() {
        var generator = SplitMix(state: 11)
        var matches = 0
        for _ in 0..<200_000 {
            let pattern = word(from: "ab:*?[]!", 1...8, &generator)
            let text = word(from: "ab:[]!", 0...8, &generator)
            // A bracket without its end is where C libraries differ among themselves.
            guard bracketsAreClosed(pattern) else { continue }
            let expected = fnmatch(pattern, text, 0) == 0
            #expect(
                AliasGlob.matches(pattern.utf8, text.utf8) == expected, "pattern \(pattern) text \(text)")
            matches += expected ? 1 : 0
        }
        #expect(matches > 1_000)
    }

    /// Ends at once where a backtracking matcher would need ages.
    @Test func isNotLedAstrayByManyStars() {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(!AliasGlob.matches(pattern.utf8, String(repeating: "a", count: 4_000).utf8))
    }

    private func word(from letters: String, _ length: ClosedRange<Int>, _ generator: inout SplitMix) -> String {
        let letters = Array(letters)
        return String(
            (0..<Int.random(in: length, using: &generator)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &generator)]
            })
    }

    private func bracketsAreClosed(_ pattern: String) -> Bool {
        var rest = Substring(pattern)
        while let open = rest.firstIndex(of: "[") {
            rest = rest[rest.index(after: open)...]
            if rest.first == "!" { rest = rest.dropFirst() }
            guard let close = rest.dropFirst().firstIndex(of: "]") else { return false }
            // `[:` begins a class, which modules.alias has none of.
            if rest[..<close].contains("[") { return false }
            rest = rest[rest.index(after: close)...]
        }
        return true
    }
}
