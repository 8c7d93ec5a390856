/// A machine's UUID as its SMBIOS has it (RFC 4578, 2.3).
public struct ClientMachine: Hashable, Sendable {
    /// The sixteen bytes as sent: the first three fields little-endian.
    public let bytes: ArraySlice<UInt8>

    /// Nil unless there are sixteen bytes.
    public init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads what `description` writes, in either case.
    public init?(_ text: some StringProtocol) {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
        var value: [UInt8] = []
        for (index, group) in groups.enumerated() {
            var octets: [UInt8] = []
            var high: UInt8?
            for byte in group {
                guard let digit = hexDigitValue(byte) else { return nil }
                if let first = high { octets.append(first << 4 | digit) }
                high = high == nil ? digit : nil
            }
            value += index < 3 ? octets.reversed() : octets
        }
        self.init(bytes: value[...])
    }

    /// QEMU without `-uuid`, and boards whose maker left it out, send zeros.
    public var isUnset: Bool { bytes.allSatisfy { $0 == 0 } }
}

extension ClientMachine: CustomStringConvertible {
    /// Lower case, as `dmidecode` prints it: `4c4c4544-0051-3610-8052-b4c04f4b3132`.
    public var description: String {
        let text = bytes.map(hexText)
        let littleEndian = [text.prefix(4), text[4..<6], text[6..<8]].map { $0.reversed().joined() }
        let asSent = [text[8..<10], text[10...]].map { $0.joined() }
        return (littleEndian + asSent).joined(separator: "-")
    }
}

extension DHCPOptions {
    /// Option 97, where it has the one type that is defined: 0, a UUID (RFC 4578, 2.3). A reply echoes
    /// the option as it came.
    public var clientMachine: ClientMachine? {
        get {
            guard let value = self[.clientMachine], value.first == 0 else { return nil }
            return ClientMachine(bytes: value.dropFirst())
        }
        set { self[.clientMachine] = newValue.map { [0] + $0.bytes } }
    }
}
