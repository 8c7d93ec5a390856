/// Numbers in a node name, `001-100`: from the first to the last, written with a fixed number of digits or as they are.
public struct NumberRange: Hashable, Sendable {
    public let first: UInt64
    public let last: UInt64
    /// Digits that each number is written with, padded by zeros; 0: no padding.
    public let width: Int

    /// Digits that a number may have.
    static let longest = 9

    /// Reads `7`, `007` or `001-100`. Both ends have the same width where one is padded.
    init(_ text: Substring) throws(NodePatternError) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let low = ends.first, ends.count <= 2, let first = Self.number(low),
            let last = Self.number(ends.last ?? low)
        else { throw .notANumber(String(text)) }
        guard first <= last else { throw .backwards(String(text)) }
        let high = ends.last ?? low
        let isPadded = low.utf8.count > 1 && low.first == "0"
        guard !isPadded || low.utf8.count == high.utf8.count else { throw .unevenWidth(String(text)) }
        self.first = first
        self.last = last
        width = isPadded ? low.utf8.count : 0
    }

    /// How many numbers there are.
    var count: UInt64 { last - first + 1 }

    /// The number as it stands in a name.
    func text(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Whether `digits`, all of them digits, is one of these numbers as `text(_:)` writes it.
    func contains(_ digits: Substring.UTF8View) -> Bool {
        guard let number = Self.number(Substring(digits)), (first...last).contains(number) else { return false }
        return text(number).utf8.elementsEqual(digits)
    }

    private static func number(_ text: Substring) -> UInt64? {
        guard (1...longest).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text)
    }
}
