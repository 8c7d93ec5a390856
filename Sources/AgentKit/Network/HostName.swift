/// A name that may be written into /etc/hostname and resolv.conf: letters, digits, `-` and `.` (RFC 1123, 2.1).
/// Anything else could be more than a name there.
package struct HostName: Hashable, Sendable {
    package let text: String

    /// Nil unless it is 1 to 253 of those characters.
    package init?(_ text: String) {
        let isAllowed: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard (1...253).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed) else { return nil }
        self.text = text
    }
}
