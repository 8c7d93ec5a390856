/// The options of one DHCP message, in their order, each code once.
///
/// Values that were decoded share the packet's storage. The typed views of single options are in
/// extensions, one family per file; each reads an option that is absent **or malformed** as nil, so
/// that one bad option costs a client that option and not its boot.
public struct DHCPOptions: Hashable, Sendable {
    /// One option: its code and its value without the length byte.
    public struct Option: Hashable, Sendable {
        public let code: DHCPOptionCode
        public fileprivate(set) var value: ArraySlice<UInt8>
    }

    private var options: [Option] = []

    public init() {}

    /// The value of an option, nil if it is absent. Setting replaces the value in its place or appends
    /// the option; setting nil removes it.
    public subscript(code: DHCPOptionCode) -> ArraySlice<UInt8>? {
        get { options.first { $0.code == code }?.value }
        set {
            let index = options.firstIndex { $0.code == code }
            switch (index, newValue) {
            case (let index?, let value?): options[index].value = value
            case (let index?, nil): options.remove(at: index)
            case (nil, let value?): options.append(Option(code: code, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Adds a piece of an option, joined to what is there of it (RFC 3396, 7).
    mutating func append(_ value: ArraySlice<UInt8>, to code: DHCPOptionCode) {
        if let index = options.firstIndex(where: { $0.code == code }) {
            options[index].value.append(contentsOf: value)
        } else {
            options.append(Option(code: code, value: value))
        }
    }
}

extension DHCPOptions: Sequence {
    public func makeIterator() -> IndexingIterator<[Option]> { options.makeIterator() }
}

/// Plain values that many options have.
extension DHCPOptions {
    func uint8(_ code: DHCPOptionCode) -> UInt8? {
        guard let value = self[code], value.count == 1 else { return nil }
        return value.first
    }

    func uint16(_ code: DHCPOptionCode) -> UInt16? {
        guard let value = self[code], value.count == 2 else { return nil }
        var reader = ByteReader(value)
        return reader.uint16()
    }

    func uint32(_ code: DHCPOptionCode) -> UInt32? {
        guard let value = self[code], value.count == 4 else { return nil }
        var reader = ByteReader(value)
        return reader.uint32()
    }

    /// Text up to its first NUL; bytes that are not UTF-8 become U+FFFD.
    func text(_ code: DHCPOptionCode) -> String? {
        self[code].map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt8?) {
        self[code] = value.map { value in Self.value { $0.write(value) } }
    }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt16?) {
        self[code] = value.map { value in Self.value { $0.write(value) } }
    }

    mutating func set(_ code: DHCPOptionCode, _ value: UInt32?) {
        self[code] = value.map { value in Self.value { $0.write(value) } }
    }

    /// An option's value as `write` makes it.
    static func value(_ write: (inout ByteWriter) -> Void) -> ArraySlice<UInt8> {
        var writer = ByteWriter()
        write(&writer)
        return writer.bytes[...]
    }

    /// - Parameter terminated: write a NUL after the text.
    mutating func set(_ code: DHCPOptionCode, text: String?, terminated: Bool = false) {
        self[code] = text.map { Array($0.utf8)[...] + (terminated ? [0] : []) }
    }
}
