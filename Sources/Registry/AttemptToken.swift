internal import BootProtocols
import Crypto

/// The secret of one boot attempt: `ATTEMPT.SECRET`, the attempt's number and 128 random bits in hex.
///
/// The registry keeps its SHA-256 only, so that neither the database nor a copy of it lets anyone speak for a node.
public struct AttemptToken: Hashable, Sendable {
    public let attempt: Int64
    public let text: String

    /// A new token from the system's random source.
    public init(attempt: Int64) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<2).map { _ in
            let digits = String(random.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
        self.attempt = attempt
        text = "\(attempt).\(secret)"
    }

    /// Reads a token that a client sent. Nil unless it has the form.
    public init?(_ text: String) { self.init(text[...]) }

    /// The same. Agents show it with every request for a chunk: read as bytes, of a type that the compiler knows here.
    public init?(_ text: Substring) {
        let bytes = Array(text.utf8)
        let point = UInt8(ascii: ".")
        guard bytes.count <= 64, let end = bytes.firstIndex(of: point), let attempt = decimalValue(bytes[..<end]),
            attempt > 0, bytes.count - end == 33, bytes.lastIndex(of: point) == end
        else { return nil }
        self.attempt = Int64(attempt)
        self.text = String(text)
    }

    /// What the registry keeps.
    public var digest: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

extension AttemptToken: CustomStringConvertible {
    /// The attempt only: a token that is logged by mistake gives nothing away.
    public var description: String { "token of attempt \(attempt)" }
}
