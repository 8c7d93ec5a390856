/// An option of a TFTP request or of its acknowledgment (RFC 2347): those that Perseid knows.
public struct TFTPOption: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// Bytes in a block, 8...65464 (RFC 2348).
        case blockSize = "blksize"
        /// Seconds before a retransmission, 1...255 (RFC 2349, 2).
        case timeout = "timeout"
        /// Bytes in the file; 0 in a read request (RFC 2349, 3).
        case transferSize = "tsize"
        /// Blocks sent before an acknowledgment is due, 1...65535 (RFC 7440).
        case windowSize = "windowsize"
    }

    public var kind: Kind
    /// As the peer spelt it. Names are equal in either case (RFC 2347), but GRUB looks for its own spelling.
    public var name: String
    public var value: Int

    /// An option in its usual spelling. `value` is not checked.
    public init(_ kind: Kind, _ value: Int) {
        self.init(kind: kind, name: kind.rawValue, value: value)
    }

    public init(kind: Kind, name: String, value: Int) {
        self.kind = kind
        self.name = name
        self.value = value
    }

    /// Reads a name and its decimal value. Nil for names not known here and values out of range, which a server
    /// leaves out of its answer (RFC 2347). A block or window size over the largest is taken as the largest: an
    /// answer may be smaller than what was asked for.
    init?(name: String, value text: String) {
        guard let kind = Kind(rawValue: name.lowercased()), let value = Self.number(text) else { return nil }
        switch kind {
        case .blockSize:
            guard value >= 8 else { return nil }
            self.init(kind: kind, name: name, value: min(value, 65464))
        case .windowSize:
            guard value >= 1 else { return nil }
            self.init(kind: kind, name: name, value: min(value, 65535))
        case .timeout:
            guard (1...255).contains(value) else { return nil }
            self.init(kind: kind, name: name, value: value)
        case .transferSize:
            self.init(kind: kind, name: name, value: value)
        }
    }

    /// Digits only: `Int` would also take a sign.
    private static func number(_ text: String) -> Int? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text)
    }
}
