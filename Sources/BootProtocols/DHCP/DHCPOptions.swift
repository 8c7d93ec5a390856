/// The options of one DHCP message, in their order, each code once.
///
/// All values lie in one run of bytes: for a decoded message that is the packet itself, and for one that is built each
/// value is appended. So neither costs an allocation for each option. The typed views of single options are in
/// extensions, one family per file; each reads an option that is absent **or malformed** as nil, so that one bad
/// option costs a client that option and not its boot.
public struct DHCPOptions: Sendable {
    /// One option: its code and its value without the length byte.
    public struct Option: Hashable, Sendable {
        public let code: DHCPOptionCode
        public let value: ArraySlice<UInt8>
    }

    /// Where in `storage` the value of an option lies.
    private struct Entry: Sendable {
        var code: DHCPOptionCode
        var start: Int
        var end: Int
    }

    private var storage: [UInt8] = []
    private var entries: [Entry] = []

    /// Room that a reply to a boot client needs, made at once.
    private static let usualCount = 24
    private static let usualSize = 384

    public init() {}

    /// No options yet, whose values will be ranges of `packet`.
    init(within packet: [UInt8]) {
        storage = packet
        entries.reserveCapacity(Self.usualCount)
    }

    /// The value of an option, nil if it is absent. Setting replaces the value in its place or appends
    /// the option; setting nil removes it.
    public subscript(code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        get { index(of: code).map { storage[entries[$0].start..<entries[$0].end] } }
        set {
            guard let newValue else { return remove(code) }
            write(code) { $0.append(contentsOf: newValue) }
        }
    }

    private func index(of code: DHCPOptionCode) -> Int? {
        for index in entries.indices where entries[index].code == code { return index }
        return nil
    }

    private mutating func remove(_ code: DHCPOptionCode) {
        if let index = index(of: code) { entries.remove(at: index) }
    }

    private mutating func makeRoom() {
        guard entries.isEmpty else { return }
        entries.reserveCapacity(Self.usualCount)
        storage.reserveCapacity(Self.usualSize)
    }

    /// Sets the option to what `body` appends.
    mutating func write(_ code: DHCPOptionCode, _ body: (inout [UInt8]) -> Void) {
        makeRoom()
        let start = storage.count
        body(&storage)
        put(Entry(code: code, start: start, end: storage.count))
    }

    private mutating func put(_ entry: Entry) {
        if let index = index(of: entry.code) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }

    /// Adds a piece of an option that lies in the packet, joined to what is there of it (RFC 3396, 7).
    mutating func addPiece(_ code: DHCPOptionCode, at range: Range<Int>) {
        guard let index = index(of: code) else {
            return entries.append(Entry(code: code, start: range.lowerBound, end: range.upperBound))
        }
        let old = entries[index]
        guard !range.isEmpty else { return }
        // What was joined last stands at the end already, and grows there.
        let isLast = old.end == storage.count && old.start < old.end
        let start = isLast ? old.start : storage.count
        if !isLast { storage.append(contentsOf: storage[old.start..<old.end]) }
        storage.append(contentsOf: storage[range])
        entries[index] = Entry(code: code, start: start, end: storage.count)
    }

    /// Hands each option to `body` in its order, without a copy.
    func visit<Failure: Error>(
        _ body: (DHCPOptionCode, ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        for entry in entries { try body(entry.code, storage[entry.start..<entry.end]) }
    }

    /// GRUB compares the class of the answer that its firmware got with this as a C string; PAD is its NUL.
    private func takesPad(_ entry: Entry) -> Bool {
        entry.code == .vendorClass && storage[entry.start..<entry.end].elementsEqual("HTTPClient".utf8)
    }

    /// Bytes that `write` makes.
    var encodedSize: Int {
        var size = 1
        for entry in entries { size += 2 + (entry.end - entry.start) + (takesPad(entry) ? 1 : 0) }
        return size
    }

    /// Writes the options as they go on the wire, `encodedSize` bytes: the message type first, relay agent information
    /// last, the others in their order, and END.
    func write(to span: inout MutableSpan<UInt8>, from start: Int) throws(DHCPError) {
        var next = start
        for entry in entries where entry.code == .messageType { try write(entry, to: &span, &next) }
        for entry in entries where entry.code != .messageType && entry.code != .relayAgentInformation {
            try write(entry, to: &span, &next)
        }
        for entry in entries where entry.code == .relayAgentInformation { try write(entry, to: &span, &next) }
        span[next] = DHCPOptionCode.end.rawValue
    }

    private func write(_ entry: Entry, to span: inout MutableSpan<UInt8>, _ next: inout Int) throws(DHCPError) {
        let size = entry.end - entry.start
        guard let length = UInt8(exactly: size) else { throw .optionTooLong(code: entry.code, byteCount: size) }
        span[next] = entry.code.rawValue
        span[next + 1] = length
        next += 2
        for index in entry.start..<entry.end {
            span[next] = storage[index]
            next += 1
        }
        if takesPad(entry) { next += 1 }
    }
}

extension DHCPOptions: Sequence {
    public func makeIterator() -> AnyIterator<Option> {
        var next = 0
        return AnyIterator {
            guard next < entries.count else { return nil }
            defer { next += 1 }
            let entry = entries[next]
            return Option(code: entry.code, value: storage[entry.start..<entry.end])
        }
    }
}

extension DHCPOptions: Hashable {
    public static func == (left: DHCPOptions, right: DHCPOptions) -> Bool {
        left.entries.count == right.entries.count && left.elementsEqual(right)
    }

    public func hash(into hasher: inout Hasher) {
        for option in self { hasher.combine(option) }
    }
}

/// Plain values that many options have.
extension DHCPOptions {
    func uint8(_ code: DHCPOptionCode) -> UInt8? { number(code, size: 1).map(UInt8.init(truncatingIfNeeded:)) }

    func uint16(_ code: DHCPOptionCode) -> UInt16? { number(code, size: 2).map(UInt16.init(truncatingIfNeeded:)) }

    func uint32(_ code: DHCPOptionCode) -> UInt32? { number(code, size: 4) }

    /// The value in network byte order, where it has `size` bytes.
    private func number(_ code: DHCPOptionCode, size: Int) -> UInt32? {
        guard let index = index(of: code), entries[index].end - entries[index].start == size else { return nil }
        var value: UInt32 = 0
        for offset in entries[index].start..<entries[index].end { value = value << 8 | UInt32(storage[offset]) }
        return value
    }

    /// Text up to its first NUL; bytes that are not UTF-8 become U+FFFD.
    func text(_ code: DHCPOptionCode) -> String? {
        self[code].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt8?) { set(code, number: value.map(UInt32.init), size: 1) }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt16?) { set(code, number: value.map(UInt32.init), size: 2) }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt32?) { set(code, number: value, size: 4) }

    private mutating func set(_ code: DHCPOptionCode, number: UInt32?, size: Int) {
        guard let number else { return remove(code) }
        makeRoom()
        let start = storage.count
        var shift = UInt32(8 * size)
        while shift > 0 {
            shift -= 8
            storage.append(UInt8(truncatingIfNeeded: number >> shift))
        }
        put(Entry(code: code, start: start, end: storage.count))
    }

    /// An option's value as `write` makes it.
    static func value(_ write: (inout ByteWriter) -> Void) -> ArraySlice<UInt8> {
        var writer = ByteWriter()
        write(&writer)
        return writer.bytes[...]
    }

    /// - Parameter terminated: write a NUL after the text.
    mutating func set(_ code: DHCPOptionCode, text: String?, terminated: Bool = false) {
        guard let text else { return remove(code) }
        write(code) { bytes in
            bytes.append(contentsOf: text.utf8)
            if terminated { bytes.append(0) }
        }
    }
}
