/// A set of option codes: 256 bits, so that asking costs nothing however long option 55 is.
public struct DHCPOptionCodeSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    public init() {}

    public init(_ codes: some Sequence<DHCPOptionCode>) {
        for code in codes { insert(code) }
    }

    public mutating func insert(_ code: DHCPOptionCode) {
        let bit: UInt64 = 1 << UInt64(code.rawValue & 63)
        switch code.rawValue >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    public func contains(_ code: DHCPOptionCode) -> Bool {
        let bit: UInt64 = 1 << UInt64(code.rawValue & 63)
        return switch code.rawValue >> 6 {
        case 0: words.0 & bit != 0
        case 1: words.1 & bit != 0
        case 2: words.2 & bit != 0
        default: words.3 & bit != 0
        }
    }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        for word in [words.0, words.1, words.2, words.3] { hasher.combine(word) }
    }
}

extension DHCPOptions {
    /// The codes of the options that are there.
    public var codes: DHCPOptionCodeSet {
        var codes = DHCPOptionCodeSet()
        visit { code, _ in codes.insert(code) }
        return codes
    }
}
