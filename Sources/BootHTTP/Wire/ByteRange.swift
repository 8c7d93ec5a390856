/// What a `Range` header asks for, settled against a size (RFC 9110, 14.1.2 and 14.2).
enum ByteRange: Equatable {
    /// No range, or one in a form that a server may ignore: the whole.
    case whole
    case part(Range<Int>)
    /// 416: nothing of the range lies within the size.
    case unsatisfiable

    /// Takes one range; several in one header are answered with the whole, which RFC 9110 allows.
    static func parse(_ header: String?, size: Int) -> ByteRange {
        guard let header, header.lowercased().hasPrefix("bytes=") else { return .whole }
        let set = header.dropFirst("bytes=".count)
        let ends = set.split(separator: "-", omittingEmptySubsequences: false)
        guard !set.contains(","), ends.count == 2 else { return .whole }
        let first = ends[0].trimmingSpaces
        let last = ends[1].trimmingSpaces
        if first.isEmpty {
            guard let suffix = Int(digits: last) else { return .whole }
            return suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
        }
        guard let start = Int(digits: first) else { return .whole }
        guard !last.isEmpty else { return start < size ? .part(start..<size) : .unsatisfiable }
        guard let end = Int(digits: last), end >= start else { return .whole }
        return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
    }
}

extension Int {
    /// A number of digits alone, at most 18 of them: `Int("+1")` is a number to Swift, and none here.
    fileprivate init?(digits text: Substring) {
        guard (1...18).contains(text.utf8.count),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let value = Int(text)
        else { return nil }
        self = value
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
