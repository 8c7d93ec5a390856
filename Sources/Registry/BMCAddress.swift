/// Where a BMC is: `10.1.0.9`, `bmc7.example:1623`, or with the path of one system of several, as Redfish has it:
/// `chassis1/redfish/v1/Systems/3`.
public struct BMCAddress: Hashable, Sendable, CustomStringConvertible {
    public var host: String
    public var port: UInt16?
    public var path: String?

    /// Nil for text that is no such address. It goes to programs as an argument and into URLs.
    public init?(_ text: String) {
        let end = text.firstIndex(of: "/") ?? text.endIndex
        let parts = text[..<end].split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, Self.isHost(host) else { return nil }
        if let digits = parts.dropFirst().first {
            guard let port = UInt16(digits), port > 0 else { return nil }
            self.port = port
        }
        let path = text[end...]
        if !path.isEmpty {
            guard Self.isPath(path) else { return nil }
            self.path = String(path)
        }
        self.host = String(host)
    }

    public var description: String { host + (port.map { ":\($0)" } ?? "") + (path ?? "") }

    /// A host name (RFC 1123, 2.1) or an IPv4 address; neither begins with a hyphen, as options do.
    private static func isHost(_ text: Substring) -> Bool {
        guard (1...253).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else {
            return false
        }
        return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") }
    }

    /// Whether this is a path of Redfish, without anything that a URL would read otherwise.
    public static func isPath(_ text: some StringProtocol) -> Bool {
        let others = Array("/-_.~".utf8)
        return text.hasPrefix("/redfish/v1/") && text.utf8.count <= 255 && !text.contains("..")
            && text.utf8.allSatisfy { isAlphanumeric($0) || others.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
}
