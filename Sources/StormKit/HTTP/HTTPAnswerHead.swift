/// What a load generator needs to know of a response's head (RFC 9112, 4 and 5).
struct HTTPAnswerHead: Hashable, Sendable {
    /// 100...999
    var status: Int
    var contentLength: Int64
    var keepsAlive: Bool
    /// Retry-After in seconds (RFC 9110, 10.2.3).
    var retryAfter: Int64?

    /// Reads a head that ends in an empty line; nil for what is none, or has no length.
    init?(_ bytes: some Collection<UInt8>) {
        var lines = bytes.split(separator: UInt8(ascii: "\n")).makeIterator()
        guard let first = lines.next(), first.starts(with: "HTTP/1.".utf8) else { return nil }
        let words = String(decoding: first, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, let status = Int(words[1]), (100...999).contains(status) else { return nil }
        self.status = status
        keepsAlive = words[0] == "HTTP/1.1"
        var length: Int64? = status == 204 || status == 304 ? 0 : nil
        while let line = lines.next() {
            let text = String(decoding: line, as: UTF8.self).lowercased()
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = text[colon...].dropFirst().filter { !$0.isWhitespace }
            switch text[..<colon] {
            case "content-length": length = Int64(value)
            case "connection": keepsAlive = value != "close" && (keepsAlive || value == "keep-alive")
            case "retry-after": retryAfter = Int64(value)
            default: break
            }
        }
        guard let length, length >= 0 else { return nil }
        contentLength = length
    }

    /// How many bytes the head has, its empty line included; nil where that has not come yet.
    static func length(in bytes: some Collection<UInt8>) -> Int? {
        var newlines = 0
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\n") {
                newlines += 1
                if newlines == 2 { return index + 1 }
            } else if byte != UInt8(ascii: "\r") {
                newlines = 0
            }
        }
        return nil
    }
}
