/// The patterns of modules.alias, matched the way modprobe matches them: fnmatch(3) without flags, with `-`
/// and `_` taken as one.
package enum AliasGlob {
    /// Whether the whole of `text` fits `pattern`, in which `*` is any run, `?` any byte, `[a-f]` one of a set and
    /// `[!a-f]` none of it. A set without its end is taken literally.
    ///
    /// A star is given back at most once per byte of the text, so no pattern takes longer than the product of the
    /// two lengths.
    package static func matches(_ pattern: some Collection<UInt8>, _ text: some Collection<UInt8>) -> Bool {
        let pattern = Array(pattern)
        let text = Array(text)
        var p = 0
        var t = 0
        var retry: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == star {
                retry = (p + 1, t)
                p += 1
            } else if let next = step(pattern, p, text[t]) {
                p = next
                t += 1
            } else if let (restart, from) = retry {
                retry = (restart, from + 1)
                p = restart
                t = from + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == star { p += 1 }
        return p == pattern.count
    }

    private static let star = UInt8(ascii: "*")

    /// Where the pattern goes on after taking `byte`, or nil if it does not take it.
    private static func step(_ pattern: [UInt8], _ position: Int, _ byte: UInt8) -> Int? {
        guard position < pattern.count else { return nil }
        switch pattern[position] {
        case UInt8(ascii: "?"):
            return position + 1
        case UInt8(ascii: "["):
            guard let set = set(pattern, position) else { return byte == pattern[position] ? position + 1 : nil }
            return set.holds(byte) ? set.end : nil
        case let literal:
            return ModuleName.folded(literal) == ModuleName.folded(byte) ? position + 1 : nil
        }
    }

    private struct ByteSet {
        var ranges: [ClosedRange<UInt8>]
        var inverted: Bool
        var end: Int

        func holds(_ byte: UInt8) -> Bool {
            ranges.contains { $0.contains(byte) } != inverted
        }
    }

    private static func set(_ pattern: [UInt8], _ start: Int) -> ByteSet? {
        var position = start + 1
        var set = ByteSet(ranges: [], inverted: false, end: 0)
        if position < pattern.count, pattern[position] == UInt8(ascii: "!") || pattern[position] == UInt8(ascii: "^") {
            set.inverted = true
            position += 1
        }
        let first = position
        while position < pattern.count {
            let low = pattern[position]
            if low == UInt8(ascii: "]"), position > first {
                set.end = position + 1
                return set
            }
            if position + 2 < pattern.count, pattern[position + 1] == UInt8(ascii: "-"),
                pattern[position + 2] != UInt8(ascii: "]")
            {
                let high = pattern[position + 2]
                if low <= high { set.ranges.append(low...high) }
                position += 3
            } else {
                set.ranges.append(low...low)
                position += 1
            }
        }
        return nil
    }
}
