/// A number of ASCII digits alone, 1 to 18 of them, which are less than 2^63. `Int("+1")` is a number to Swift; on the
/// wire it is none.
package func decimalValue(_ digits: ArraySlice<UInt8>) -> Int? {
    digits.withUnsafeBytes { decimalValue($0) }
}

/// The same of bytes where they lie.
package func decimalValue(_ digits: UnsafeRawBufferPointer) -> Int? {
    guard (1...18).contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value
}
