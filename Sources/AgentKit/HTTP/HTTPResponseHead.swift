/// What is wrong with a response's head.
package enum HTTPHeadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No empty line within `HTTPResponseHead.sizeLimit` bytes.
    case tooLong
    case statusLine(String)
    case field(String)
    /// No Content-Length, two that differ, or one that is no count.
    case contentLength(String?)
    /// A transfer coding that this client never asks for and that has no length ahead.
    case transferCoding(String)
    case contentRange(String)

    package var description: String {
        switch self {
        case .tooLong: "the response's head is longer than \(HTTPResponseHead.sizeLimit) bytes"
        case .statusLine(let line): "not an HTTP status line: \(line)"
        case .field(let line): "not an HTTP header field: \(line)"
        case .contentLength(let value?): "Content-Length is not one count: \(value)"
        case .contentLength(nil): "the response has no Content-Length"
        case .transferCoding(let value): "the response has a transfer coding (\(value)) in place of a Content-Length"
        case .contentRange(let value): "Content-Range is not 'bytes first-last/length': \(value)"
        }
    }
}

/// The head of an HTTP/1.1 response (RFC 9112, 4 and 5), read without trust: any bytes give a head, "more is
/// needed", or an error.
package struct HTTPResponseHead: Hashable, Sendable {
    /// The largest head that is read, in bytes.
    package static let sizeLimit = 16 * 1024

    /// 100...999
    package var status: Int
    package var reason: String
    /// Content-Length (RFC 9110, 8.6), which is always needed here: it is how a truncated answer shows.
    package var contentLength: Int64
    /// Content-Range (RFC 9110, 14.4) of a 206: first and last byte, both counted.
    package var contentRange: ClosedRange<Int64>?
    /// Whether the connection serves a further request (RFC 9112, 9.3).
    package var keepsAlive: Bool
    /// Retry-After (RFC 9110, 10.2.3) in seconds; the date form is ignored.
    package var retryAfterSeconds: Int64?
}

extension HTTPResponseHead {
    /// Reads a head from the front of `bytes`, which may hold part of it or more than it.
    /// - Returns: the head and its length in bytes with the empty line, or nil if the head goes on.
    package static func parse(
        _ bytes: some RandomAccessCollection<UInt8>
    ) throws(HTTPHeadError) -> (head: HTTPResponseHead, length: Int)? {
        let window = Array(bytes.prefix(sizeLimit))
        guard let end = endOfHead(window) else {
            if window.count >= sizeLimit { throw .tooLong }
            return nil
        }
        var lines = window[..<end.text].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        let first = lines.isEmpty ? [] : lines.removeFirst()
        var head = try statusLine(first)
        var fields = Fields()
        for line in lines { try fields.add(line) }
        try head.apply(fields)
        return (head, end.length)
    }

    /// Where the header text ends and where the body starts. A bare LF ends a line too (RFC 9112, 2.2).
    private static func endOfHead(_ bytes: [UInt8]) -> (text: Int, length: Int)? {
        var lineStart = 0
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
            let line = bytes[lineStart..<index]
            if lineStart > 0, line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) {
                return (lineStart - 1, index + 1)
            }
            lineStart = index + 1
        }
        return nil
    }

    /// `HTTP/1.1 206 Partial Content`; an HTTP/1.0 server closes unless it says otherwise.
    private static func statusLine(_ line: ArraySlice<UInt8>) throws(HTTPHeadError) -> HTTPResponseHead {
        let text = String(decoding: line.prefix(200), as: UTF8.self)
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3,
            let status = decimal(parts[1]), (100...999).contains(status)
        else { throw .statusLine(text) }
        return HTTPResponseHead(
            status: Int(status), reason: parts.count > 2 ? String(parts[2]) : "", contentLength: 0,
            contentRange: nil, keepsAlive: parts[0] == "HTTP/1.1", retryAfterSeconds: nil)
    }

    private mutating func apply(_ fields: Fields) throws(HTTPHeadError) {
        if let coding = fields.transferEncoding { throw .transferCoding(coding) }
        if let length = fields.contentLength {
            guard let count = Self.decimal(length) else { throw .contentLength(length) }
            contentLength = count
        } else {
            // 1xx, 204 and 304 have no body (RFC 9112, 6.3).
            guard (100...199).contains(status) || status == 204 || status == 304 else { throw .contentLength(nil) }
        }
        if let range = fields.contentRange { contentRange = try Self.byteRange(range) }
        if fields.connection.contains("close") { keepsAlive = false }
        if fields.connection.contains("keep-alive") { keepsAlive = true }
        retryAfterSeconds = fields.retryAfter.flatMap(Self.decimal)
    }

    /// `bytes 0-1023/4096` or `bytes 0-1023/*`; `bytes */4096` of a 416 is no range.
    private static func byteRange(_ value: String) throws(HTTPHeadError) -> ClosedRange<Int64>? {
        guard value.hasPrefix("bytes ") else { throw .contentRange(value) }
        let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let range = parts.first else { throw .contentRange(value) }
        if range == "*" { return nil }
        let ends = range.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = decimal(ends[0]), let last = decimal(ends[1]), first <= last else {
            throw .contentRange(value)
        }
        return first...last
    }

    /// Digits only: `Int64` alone would take a sign.
    private static func decimal(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    /// The few fields that this client looks at.
    private struct Fields {
        var contentLength: String?
        var contentRange: String?
        var transferEncoding: String?
        var retryAfter: String?
        var connection: Set<String> = []

        mutating func add(_ line: ArraySlice<UInt8>) throws(HTTPHeadError) {
            let text = String(decoding: line.prefix(1024), as: UTF8.self)
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex,
                !text[..<colon].contains(where: { $0 == " " || $0 == "\t" })
            else { throw .field(text) }
            let value = text[colon...].dropFirst().trimmingBlanks()
            switch text[..<colon].lowercased() {
            case "content-length":
                // Two that differ are how responses are smuggled (RFC 9112, 6.3).
                guard contentLength == nil || contentLength == value else { throw .contentLength(value) }
                contentLength = value
            case "content-range": contentRange = value
            case "transfer-encoding": transferEncoding = value
            case "retry-after": retryAfter = value
            case "connection":
                for option in value.split(separator: ",") { connection.insert(option.lowercased().trimmingBlanks()) }
            default: break
            }
        }
    }
}

extension StringProtocol {
    /// Without the blanks and tabs at both ends (RFC 9110, 5.6.3).
    package func trimmingBlanks() -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let start = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[start...last])
    }
}
