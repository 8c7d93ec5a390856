/// Rules for node names.
public enum NodeName {
    /// True for one host name label: 1 to 63 lower case letters, digits and inner hyphens (RFC 1123, 2.1).
    public static func isValid(_ name: some StringProtocol) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
    }

    /// The name, or an error that says what a name is.
    public static func validated(_ name: String) throws(InvalidValue) -> String {
        guard isValid(name) else { throw InvalidValue(name, expected: rule) }
        return name
    }

    static let rule = "host name: 1 to 63 of a-z, 0-9 and inner hyphens"
}
