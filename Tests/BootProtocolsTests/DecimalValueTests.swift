import Testing

@testable import BootProtocols

@Suite struct DecimalValueTests {
    @Test(arguments: [
        ("0", 0), ("007", 7), ("1048576", 1_048_576), ("999999999999999999", 999_999_999_999_999_999),
    ])
    func digitsAreANumber(text: String, number: Int) {
        #expect(decimalValue(Array(text.utf8)[...]) == number)
    }

    @Test(arguments: ["", "+1", "-1", " 1", "1 ", "0x1", "1,2", "１", "1000000000000000000"])
    func anythingElseIsNone(text: String) {
        #expect(decimalValue(Array(text.utf8)[...]) == nil)
    }
}
