/// Node names in one word: `n001`, `n[001-100,150]`, `rack1-*`, `n00?`, `r[1-4]n[01-32]`.
///
/// The form that Perceus, pdsh, ClusterShell and Slurm share, with the wildcards of a shell.
public struct NodePattern: Hashable, Sendable {
    enum Piece: Hashable, Sendable {
        case text(String)
        case numbers([NumberRange])
        /// `*`: any text, none too.
        case anything
        /// `?`
        case anyCharacter
    }

    let pieces: [Piece]
    /// As it was written.
    public let text: String

    /// Names that a pattern may stand for when they are written out, and numbers in it.
    public static let largest: UInt64 = 1_000_000
    private static let mostPieces = 32

    public init(_ text: some StringProtocol) throws(NodePatternError) {
        var pieces: [Piece] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            let special: Piece? =
                switch character {
                case "*": .anything
                case "?": .anyCharacter
                case "[": .numbers(try Self.ranges(&rest))
                default: nil
                }
            guard let special else {
                guard character != "]" else { throw .strayBracket(String(text)) }
                literal.append(character)
                continue
            }
            if !literal.isEmpty { pieces.append(.text(literal)) }
            literal = ""
            pieces.append(special)
        }
        if !literal.isEmpty { pieces.append(.text(literal)) }
        guard !pieces.isEmpty else { throw .empty }
        guard pieces.count <= Self.mostPieces else { throw .tooLong(String(text)) }
        self.pieces = pieces
        self.text = String(text)
    }

    private static func ranges(_ rest: inout Substring) throws(NodePatternError) -> [NumberRange] {
        guard let end = rest.firstIndex(of: "]") else { throw .openBracket(String(rest)) }
        let inside = rest[..<end]
        rest = rest[rest.index(after: end)...]
        var ranges: [NumberRange] = []
        for part in inside.split(separator: ",", omittingEmptySubsequences: false) {
            ranges.append(try NumberRange(part))
        }
        return ranges
    }

    /// Whether the pattern is one of those with `*` or `?`, which stand for whatever exists.
    public var hasWildcards: Bool { pieces.contains { $0 == .anything || $0 == .anyCharacter } }

    /// All names that the pattern stands for, in its order.
    /// - Throws: `tooMany` above `largest`; `unbounded` for a pattern with wildcards.
    public func names() throws(NodePatternError) -> [String] {
        guard !hasWildcards else { throw .unbounded(text) }
        var total: UInt64 = 1
        for case .numbers(let ranges) in pieces {
            // Each range has at most ten digits: no sum of them overflows before the limit is met.
            let (product, overflow) = total.multipliedReportingOverflow(by: ranges.reduce(0) { $0 + $1.count })
            guard !overflow, product <= Self.largest else { throw .tooMany(text) }
            total = product
        }
        var names = [""]
        for piece in pieces {
            switch piece {
            case .text(let text): names = names.map { $0 + text }
            case .numbers(let ranges):
                names = names.flatMap { head in
                    ranges.flatMap { range in (range.first...range.last).map { head + range.text($0) } }
                }
            case .anything, .anyCharacter: break
            }
        }
        return names
    }
}

/// Why a word is no pattern of node names.
public enum NodePatternError: Error, Hashable, Sendable {
    case empty
    case openBracket(String)
    case strayBracket(String)
    case notANumber(String)
    case backwards(String)
    case unevenWidth(String)
    case tooLong(String)
    case tooMany(String)
    case unbounded(String)
    /// A condition without a key, `=failed`.
    case noKey(String)
    case unknownKey(String)
    /// Names that were written out and that are not there; the whole sentence.
    case noNodes(String)
}

extension NodePatternError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "an empty name"
        case .openBracket(let text): "`[\(text)` has no `]`; write n[001-100,150]"
        case .strayBracket(let text): "`\(text)` has a `]` without a `[`"
        case .notANumber(let text):
            "`\(text)` is neither a number nor a range of at most \(NumberRange.longest) digits; write [001-100,150]"
        case .backwards(let text): "the range `\(text)` runs backwards"
        case .unevenWidth(let text): "both ends of the padded range `\(text)` need as many digits: 001-100"
        case .tooLong(let text): "`\(text)` has too many parts"
        case .tooMany(let text): "`\(text)` stands for more than \(NodePattern.largest) names"
        case .unbounded(let text): "`\(text)` has wildcards, so it names no new nodes; write a range, n[001-100]"
        case .noKey(let text): "`\(text)` has nothing before the `=`; write state=failed"
        case .noNodes(let text): text
        case .unknownKey(let key): "nodes have no `\(key)` to select by"
        }
    }
}
