import Registry
import Testing

@Suite struct AttemptTokenTests {
    private static let secret = String(repeating: "0123456789abcdef", count: 2)

    @Test func whatIsMadeIsRead() {
        let made = AttemptToken(attempt: 4711)
        #expect(AttemptToken(made.text) == made)
        #expect(AttemptToken("Bearer \(made.text)".dropFirst("Bearer ".count)) == made)
        #expect(AttemptToken(made.text)?.digest == made.digest)
    }

    @Test(arguments: [
        "", ".", "1.", ".\(secret)", "0.\(secret)", "-1.\(secret)", "+1.\(secret)", "x.\(secret)", "1.\(secret)0",
        "1.\(secret.dropLast())", "1..\(secret.dropLast())", "1.2.\(secret.dropLast(2))",
        "9223372036854775807.\(secret)", String(repeating: "1", count: 100),
    ])
    func whatHasNotTheFormIsNone(text: String) {
        #expect(AttemptToken(text) == nil)
    }
}
