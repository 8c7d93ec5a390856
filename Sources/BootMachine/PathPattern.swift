/// A pattern of paths, in the language of rsync(1)'s exclude lists.
///
/// One that begins with a slash counts from the root; one with a slash in its middle is the end of a path; any other is
/// a name in whatever directory. A slash at its end: directories alone. `*` stands for any run without a slash, `**` for
/// any run, `?` for one byte that is no slash, `[a-z]` and `[!a-z]` for one byte of a set; a backslash takes a
/// character's meaning away.
public struct PathPattern: Hashable, Sendable {
    private enum Token: Hashable, Sendable {
        case byte(UInt8)
        case one
        case run
        case runOverSlashes
        case set([ClosedRange<UInt8>], isNegated: Bool)

        /// Whether it stands for this one byte.
        func takes(_ byte: UInt8) -> Bool {
            switch self {
            case .byte(let own): byte == own
            case .one: byte != UInt8(ascii: "/")
            case .set(let ranges, let isNegated):
                byte != UInt8(ascii: "/") && ranges.contains { $0.contains(byte) } != isNegated
            case .run, .runOverSlashes: false
            }
        }
    }

    /// Longest pattern, in bytes.
    public static let longest = 1024

    public let text: String
    private let isForDirectories: Bool
    private let isAnchored: Bool
    /// Without slashes at its ends.
    private let tokens: [Token]
    /// What it stands for, where nothing of it is wild.
    private let literal: [UInt8]?
    private let hasSlash: Bool

    public init(_ text: String) throws(PathPatternError) {
        self.text = text
        var bytes = Array(text.utf8)[...]
        guard bytes.count <= Self.longest else { throw PathPatternError(pattern: text, reason: "is too long") }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw PathPatternError(pattern: text, reason: "has control characters")
        }
        isAnchored = bytes.first == UInt8(ascii: "/")
        if isAnchored { bytes.removeFirst() }
        isForDirectories = bytes.last == UInt8(ascii: "/")
        if isForDirectories { bytes.removeLast() }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !parts.contains(where: { [[], Array(".".utf8), Array("..".utf8)].contains(Array($0)) }) else {
            throw PathPatternError(pattern: text, reason: "has an empty part, `.` or `..`, which no path has")
        }
        tokens = try Self.tokens(of: bytes, in: text)
        guard !tokens.allSatisfy({ [.run, .runOverSlashes].contains($0) }) else {
            throw PathPatternError(pattern: text, reason: "stands for everything")
        }
        let plain = tokens.compactMap { if case .byte(let byte) = $0 { byte } else { nil } }
        literal = plain.count == tokens.count ? plain : nil
        hasSlash = parts.count > 1 || tokens.contains(.runOverSlashes)
    }

    private static func tokens(
        of bytes: ArraySlice<UInt8>, in text: String
    ) throws(PathPatternError) -> [Token] {
        var tokens: [Token] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else {
                    throw PathPatternError(pattern: text, reason: "ends in a backslash")
                }
                tokens.append(.byte(next))
            case UInt8(ascii: "?"): tokens.append(.one)
            case UInt8(ascii: "*"):
                var stars = 1
                while rest.first == UInt8(ascii: "*") {
                    rest.removeFirst()
                    stars += 1
                }
                guard stars <= 2 else {
                    throw PathPatternError(pattern: text, reason: "has more than two `*` in a row")
                }
                tokens.append(stars == 2 ? .runOverSlashes : .run)
            case UInt8(ascii: "["): tokens.append(try set(&rest, in: text))
            default: tokens.append(.byte(byte))
            }
        }
        return tokens
    }

    /// Reads what is behind a `[`, with its `]`.
    private static func set(
        _ rest: inout ArraySlice<UInt8>, in text: String
    ) throws(PathPatternError) -> Token {
        let isNegated = rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^")
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<UInt8>] = []
        while let byte = rest.popFirst() {
            // As the first one of a set it is one of its bytes.
            if byte == UInt8(ascii: "]"), !ranges.isEmpty { return .set(ranges, isNegated: isNegated) }
            guard rest.first == UInt8(ascii: "-"), let end = rest.dropFirst().first, end != UInt8(ascii: "]") else {
                ranges.append(byte...byte)
                continue
            }
            rest.removeFirst(2)
            guard byte <= end else { throw PathPatternError(pattern: text, reason: "has a range that runs backwards") }
            ranges.append(byte...end)
        }
        throw PathPatternError(pattern: text, reason: "has a `[` without its `]`")
    }

    // MARK: - Matching

    /// - Parameter path: from the root, `/etc/motd`.
    public func matches(_ path: String, isDirectory: Bool) -> Bool {
        if isForDirectories && !isDirectory { return false }
        var path = path
        return path.withUTF8 { bytes in matches(bytes) }
    }

    private func matches(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        // Behind the slash that it begins with.
        guard path.count > 1 else { return false }
        if isAnchored { return matches(path, from: 1) }
        var start = path.count
        while start > 1, path[start - 1] != UInt8(ascii: "/") { start -= 1 }
        if !hasSlash { return matches(path, from: start) }
        while true {
            if matches(path, from: start) { return true }
            guard start > 1 else { return false }
            start -= 1
            while start > 1, path[start - 1] != UInt8(ascii: "/") { start -= 1 }
        }
    }

    private func matches(_ path: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
        let count = path.count - start
        if let literal { return literal.count == count && path[start...].elementsEqual(literal) }
        // Which beginnings of the path the tokens so far stand for. No backtracking: hostile patterns take no longer.
        var reached = [Bool](repeating: false, count: count + 1)
        reached[0] = true
        for token in tokens {
            var next = [Bool](repeating: false, count: count + 1)
            switch token {
            case .run, .runOverSlashes:
                var isOpen = false
                for place in 0...count {
                    if place > 0, token == .run, path[start + place - 1] == UInt8(ascii: "/") { isOpen = false }
                    isOpen = isOpen || reached[place]
                    next[place] = isOpen
                }
            case .byte, .one, .set:
                for place in 0..<count where reached[place] && token.takes(path[start + place]) {
                    next[place + 1] = true
                }
            }
            reached = next
            if !reached.contains(true) { return false }
        }
        return reached[count]
    }
}

/// A pattern that stands for no path, or for all.
public struct PathPatternError: Error, Hashable, Sendable, CustomStringConvertible {
    public let pattern: String
    public let reason: String

    public init(pattern: String, reason: String) {
        self.pattern = pattern
        self.reason = reason
    }

    public var description: String { "`\(pattern.prefix(200))` \(reason)" }
}

/// A line of an exclude list: `PATTERN` or `- PATTERN` leaves out, `+ PATTERN` does not.
public struct PathRule: Hashable, Sendable {
    public let leavesOut: Bool
    public let pattern: PathPattern

    public init(_ line: String) throws(PathPatternError) {
        leavesOut = !line.hasPrefix("+ ")
        pattern = try PathPattern(line.hasPrefix("+ ") || line.hasPrefix("- ") ? String(line.dropFirst(2)) : line)
    }

    /// A line of a file as a rule's text; nil for one that is empty or a comment.
    public static func text(of line: some StringProtocol) -> String? {
        let text = line.drop { $0 == " " || $0 == "\t" }
        guard let first = text.first, first != "#" && first != ";" else { return nil }
        var end = text
        while let last = end.last, last == " " || last == "\t" || last == "\r" { end.removeLast() }
        return end.isEmpty ? nil : String(end)
    }
}

extension [PathRule] {
    /// Whether the first rule that matches leaves a path out; nil where none matches.
    public func leavesOut(_ path: String, isDirectory: Bool) -> Bool? {
        first { $0.pattern.matches(path, isDirectory: isDirectory) }?.leavesOut
    }
}
