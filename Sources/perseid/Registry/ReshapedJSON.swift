/// Elements of JSON arrays, written anew as one array in a form for people and programs: indented, or as YAML. Bytes to
/// bytes: to decode 100,000 nodes and to encode them again takes seven seconds.
struct ReshapedJSON {
    enum Form {
        /// As `JSONEncoder` writes it with `.prettyPrinted`.
        case json
        /// Blocks, and plain scalars where they cannot be taken for anything else (YAML 1.2, 7.3.3).
        case yaml
    }

    /// A page that is no JSON array.
    struct Malformed: Error, CustomStringConvertible {
        let offset: Int
        var description: String { "the answer is no JSON array: byte \(offset)" }
    }

    let form: Form
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    /// The member `name` of the last element.
    private(set) var lastName: String?
    private var input: [UInt8] = []
    private var at = 0

    init(_ form: Form) { self.form = form }

    /// Adds the elements of an array.
    /// - Returns: how many there were.
    mutating func add(_ page: [UInt8]) throws(Malformed) -> Int {
        (input, at) = (page, 0)
        let before = count
        bytes.reserveCapacity(bytes.count + page.count * 3 / 2)
        try expect(UInt8(ascii: "["))
        while try !isOver(UInt8(ascii: "]"), count - before) {
            switch form {
            case .json:
                put(count == 0 ? "[\n  " : ",\n  ")
                try json(2)
            case .yaml:
                put("- ")
                try yaml(2, inline: true)
            }
            count += 1
        }
        return count - before
    }

    /// To be called once, behind all pages.
    mutating func end() {
        switch form {
        case .json: put(count == 0 ? "[\n\n]\n" : "\n]\n")
        case .yaml: if count == 0 { put("[]\n") }
        }
    }

    // MARK: - Forms

    private static let deepest = 128

    private mutating func json(_ indent: Int) throws(Malformed) {
        guard indent < Self.deepest else { throw Malformed(offset: at) }
        switch peek() {
        case UInt8(ascii: "{"): try jsonMembers(indent, UInt8(ascii: "}"))
        case UInt8(ascii: "["): try jsonMembers(indent, UInt8(ascii: "]"))
        default: bytes.append(contentsOf: input[try scalar()])
        }
    }

    private mutating func jsonMembers(_ indent: Int, _ end: UInt8) throws(Malformed) {
        bytes.append(input[at])
        at += 1
        var members = 0
        while try !isOver(end, members) {
            put(members == 0 ? "\n" : ",\n")
            pad(indent + 2)
            if end == UInt8(ascii: "}") {
                let key = try self.key()
                bytes.append(contentsOf: input[key])
                put(" : ")
                note(key, indent)
            }
            try json(indent + 2)
            members += 1
        }
        put(members == 0 ? "\n\n" : "\n")
        pad(indent)
        bytes.append(end)
    }

    /// - Parameter inline: what comes first stands behind a dash.
    private mutating func yaml(_ indent: Int, inline: Bool) throws(Malformed) {
        guard indent < Self.deepest else { throw Malformed(offset: at) }
        let open = peek()
        guard open == UInt8(ascii: "{") || open == UInt8(ascii: "[") else {
            putScalar(try scalar())
            return put("\n")
        }
        let end = open == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]")
        at += 1
        var members = 0
        while try !isOver(end, members) {
            // Behind a key a block begins on the next line.
            if members == 0, !inline { put("\n") }
            if members > 0 || !inline { pad(indent) }
            if end == UInt8(ascii: "}") {
                let key = try self.key()
                putScalar(key)
                put(":")
                note(key, indent - 2)
                try yamlValue(indent)
            } else {
                put("- ")
                try yaml(indent + 2, inline: true)
            }
            members += 1
        }
        guard members == 0 else { return }
        if !inline { put(" ") }
        put(open == UInt8(ascii: "{") ? "{}\n" : "[]\n")
    }

    private mutating func yamlValue(_ indent: Int) throws(Malformed) {
        switch peek() {
        case UInt8(ascii: "{"): try yaml(indent + 2, inline: false)
        // A list may stand as deep as its key (YAML 1.2, 8.2.1).
        case UInt8(ascii: "["): try yaml(indent, inline: false)
        default:
            put(" ")
            putScalar(try scalar())
            put("\n")
        }
    }

    /// A text that can be nothing else goes without its quotes; JSON's quoted texts are YAML's.
    private mutating func putScalar(_ range: Range<Int>) {
        let text = input[range]
        guard text.first == UInt8(ascii: "\""), text.count > 2 else { return bytes.append(contentsOf: text) }
        let inner = text.dropFirst().dropLast()
        bytes.append(contentsOf: Self.isPlain(inner) ? inner : text)
    }

    private static func isPlain(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first), text.allSatisfy(isSafe) else { return false }
        // What YAML 1.1 and 1.2 take for a flag or for nothing has five letters at most.
        return text.count > 5 || !words.contains(String(decoding: text, as: UTF8.self).lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
            UInt8(ascii: "@"), UInt8(ascii: "/"), UInt8(ascii: "+"):
            true
        default: isLetter(byte)
        }
    }

    private static let words: Set<String> = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"]

    // MARK: - Reading

    private func peek() -> UInt8 { at < input.count ? input[at] : 0 }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 }

    /// `,`, `]`, `}` or a blank.
    private static func isEnd(_ byte: UInt8) -> Bool {
        byte == 0x2c || byte == 0x5d || byte == 0x7d || isSpace(byte)
    }

    private mutating func skipSpace() {
        while at < input.count, Self.isSpace(input[at]) { at += 1 }
    }

    private mutating func expect(_ byte: UInt8) throws(Malformed) {
        skipSpace()
        guard peek() == byte else { throw Malformed(offset: at) }
        at += 1
        skipSpace()
    }

    /// Whether the end of an object or an array is next; if not, the comma before the next member is passed.
    private mutating func isOver(_ end: UInt8, _ members: Int) throws(Malformed) -> Bool {
        skipSpace()
        if peek() == end {
            at += 1
            return true
        }
        if members > 0 { try expect(UInt8(ascii: ",")) }
        return false
    }

    private mutating func key() throws(Malformed) -> Range<Int> {
        let range = try scalar()
        guard input[range].first == UInt8(ascii: "\"") else { throw Malformed(offset: range.lowerBound) }
        try expect(UInt8(ascii: ":"))
        return range
    }

    /// A text with its quotes, a number, `true`, `false` or `null`.
    private mutating func scalar() throws(Malformed) -> Range<Int> {
        let start = at
        if peek() == UInt8(ascii: "\"") {
            at += 1
            while at < input.count, input[at] != UInt8(ascii: "\"") { at += input[at] == UInt8(ascii: "\\") ? 2 : 1 }
            at += 1
        } else {
            while at < input.count, !Self.isEnd(input[at]) { at += 1 }
        }
        guard at <= input.count, at > start else { throw Malformed(offset: start) }
        return start..<at
    }

    /// Remembers the name of an element: the next page begins behind it.
    private mutating func note(_ key: Range<Int>, _ indent: Int) {
        guard indent == (form == .json ? 2 : 0), input[key].elementsEqual("\"name\"".utf8) else { return }
        let value = input[at...].dropFirst().prefix { $0 != UInt8(ascii: "\"") }
        lastName = String(decoding: value, as: UTF8.self)
    }

    // MARK: - Writing

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func pad(_ count: Int) { bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: count)) }
}
