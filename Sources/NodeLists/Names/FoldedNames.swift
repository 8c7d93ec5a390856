/// Many node names in few words: `n[001-100,150] login1`.
public enum FoldedNames {
    /// The words, each a pattern that `NodePattern` reads, in the order of their first names.
    ///
    /// Names that differ in their last number alone become one word; 099 and 100 are one run, 99 and 100 too, and 099
    /// and 1000 are not.
    public static func words(of names: some Sequence<String>) -> [String] {
        var order: [Frame] = []
        var numbers: [Frame: Numbers] = [:]
        for name in names {
            let (frame, number) = Frame.split(name)
            if numbers[frame] == nil { order.append(frame) }
            numbers[frame, default: Numbers()].insert(number)
        }
        return order.flatMap { frame in (numbers[frame] ?? Numbers()).words(in: frame) }
    }

    /// What names that may fold into one word have in common.
    private struct Frame: Hashable {
        let head: Substring
        let tail: Substring

        /// The name around its last number, and the digits of that; none where it has no number.
        static func split(_ name: String) -> (Frame, digits: Substring) {
            guard let end = name.lastIndex(where: isDigit) else { return (Frame(head: name[...], tail: ""), "") }
            let upTo = name[...end]
            let start = upTo.lastIndex { !isDigit($0) }.map { name.index(after: $0) } ?? name.startIndex
            guard upTo[start...].utf8.count <= NumberRange.longest else {
                return (Frame(head: name[...], tail: ""), "")
            }
            return (Frame(head: name[..<start], tail: name[name.index(after: end)...]), upTo[start...])
        }

        private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
    }

    /// The numbers of one frame, by how many digits they are written with.
    private struct Numbers {
        private var hasBare = false
        private var byWidth: [Int: Set<UInt64>] = [:]
        private var padded: Set<Int> = []

        mutating func insert(_ digits: Substring) {
            guard let number = UInt64(digits) else {
                hasBare = true
                return
            }
            let width = digits.utf8.count
            byWidth[width, default: []].insert(number)
            if width > 1, digits.first == "0" { padded.insert(width) }
        }

        /// Widths in which some number is padded make a word each; all other numbers make one.
        func words(in frame: Frame) -> [String] {
            let rest = byWidth.filter { !padded.contains($0.key) }.values.reduce(into: Set()) { $0.formUnion($1) }
            var words = hasBare ? ["\(frame.head)\(frame.tail)"] : []
            for width in padded.sorted() { words.append(word(byWidth[width] ?? [], width, frame)) }
            if !rest.isEmpty { words.append(word(rest, 0, frame)) }
            return words
        }

        private func word(_ numbers: Set<UInt64>, _ width: Int, _ frame: Frame) -> String {
            let text = { (number: UInt64) in
                let digits = String(number)
                return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
            }
            var runs: [ClosedRange<UInt64>] = []
            for number in numbers.sorted() {
                if let last = runs.last, last.upperBound + 1 == number {
                    runs[runs.count - 1] = last.lowerBound...number
                } else {
                    runs.append(number...number)
                }
            }
            let parts = runs.map { run in
                run.count == 1 ? text(run.lowerBound) : "\(text(run.lowerBound))-\(text(run.upperBound))"
            }
            let inside = parts.joined(separator: ",")
            return numbers.count > 1 ? "\(frame.head)[\(inside)]\(frame.tail)" : "\(frame.head)\(inside)\(frame.tail)"
        }
    }
}
