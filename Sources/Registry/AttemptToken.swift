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
    public init?(_ text: some StringProtocol) {
        // By bytes: agents show it with every request for a chunk.
        let bytes = text.utf8
        guard bytes.count <= 64, let point = bytes.firstIndex(of: UInt8(ascii: ".")),
            let attempt = Int64(text[..<point]), attempt > 0, bytes[point...].count == 33,
            !bytes[point...].dropFirst().contains(UInt8(ascii: "."))
        else { return nil }
        self.attempt = attempt
        self.text = String(text)
    }

    /// What the registry keeps.
    public var digest: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

extension AttemptToken: CustomStringConvertible {
    /// The attempt only: a token that is logged by mistake gives nothing away.
    public var description: String { "token of attempt \(attempt)" }
}
