import BootProtocols

/// What a `Range` header asks for, settled against a size (RFC 9110, 14.1.2 and 14.2).
enum ByteRange: Equatable {
    /// No range, or one in a form that a server may ignore: the whole.
    case whole
    case part(Range<Int>)
    /// 416: nothing of the range lies within the size.
    case unsatisfiable

    /// Takes one range; several in one header are answered with the whole, which RFC 9110 allows.
    ///
    /// It stands in every request for a chunk: read as bytes.
    static func parse(_ header: String?, size: Int) -> ByteRange {
        let unit = "bytes="
        guard let header = header.map({ Array($0.utf8) }), header.count >= unit.utf8.count else { return .whole }
        for (index, wanted) in unit.utf8.enumerated() {
            let byte = header[index]
            guard wanted == byte | (0x41...0x5a ~= byte ? 0x20 : 0) else { return .whole }
        }
        let set = header[unit.utf8.count...]
        guard let hyphen = set.firstIndex(of: UInt8(ascii: "-")) else { return .whole }
        let first = set[..<hyphen].trimmingSpaces
        // Neither a comma nor another hyphen is a digit, so that several ranges are none.
        let last = set[hyphen...].dropFirst().trimmingSpaces
        if first.isEmpty {
            guard let suffix = decimalValue(last) else { return .whole }
            return suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
        }
        guard let start = decimalValue(first) else { return .whole }
        guard !last.isEmpty else { return start < size ? .part(start..<size) : .unsatisfiable }
        guard let end = decimalValue(last), end >= start else { return .whole }
        return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmingSpaces: ArraySlice<UInt8> {
        var text = self.drop { $0 == UInt8(ascii: " ") }
        while text.last == UInt8(ascii: " ") { text.removeLast() }
        return text
    }
}
