import BootProtocols

/// The head of an HTTP/1.x request (RFC 9112, 3 and 5), read without trust: any bytes give a head or a problem.
struct RequestHead: Hashable, Sendable {
    /// Most header fields in one head.
    static let fieldLimit = 64
    /// Longest request target, in bytes.
    static let targetLimit = 2048

    /// Nil for one that is not served.
    var method: BootRequest.Method?
    /// Origin form; of an absolute form the part after the authority (RFC 9112, 3.2.2).
    var target = ""
    /// Whether the connection serves a further request (RFC 9112, 9.3). With HTTP/1.0 it never does.
    var keepsAlive = true
    /// Bytes of the body.
    var contentLength = 0
    /// The client waits for a 100 before it sends the body (RFC 9110, 10.1.1).
    var expectsContinue = false
    var authorization: String?
    var range: String?
    /// Where that stands, counted from the head's first byte.
    var rangePlace: Range<Int>?
    var ifRange: String?
    var ifNoneMatch: String?

    /// Reads a head, `bytes` being all lines up to the empty one.
    init(_ bytes: ArraySlice<UInt8>) throws(RequestProblem) {
        var rest = bytes
        let isOld = try takeRequestLine(Self.line(&rest))
        var seen = Seen()
        var count = 0
        while !rest.isEmpty {
            let line = Self.line(&rest)
            if line.isEmpty { break }
            count += 1
            guard count <= Self.fieldLimit else { throw .headTooLarge(limit: RequestReader.headLimit) }
            try takeField(line, &seen)
        }
        guard seen.host || isOld else { throw .malformed("HTTP/1.1 without Host") }
        guard !seen.transferCoding else { throw .noLength }
        keepsAlive = !isOld && !seen.close
        rangePlace = rangePlace.map { ($0.lowerBound - bytes.startIndex)..<($0.upperBound - bytes.startIndex) }
    }

    /// What of the fields matters for the others.
    private struct Seen {
        var host = false
        var transferCoding = false
        var length = false
        var close = false
    }

    /// Takes a line off the front, without its CRLF. A bare LF ends a line, too (RFC 9112, 2.2).
    private static func line(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            defer { rest = [] }
            return rest
        }
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }

    /// `GET /boot/x HTTP/1.1`; gives whether it is HTTP/1.0.
    private mutating func takeRequestLine(_ line: ArraySlice<UInt8>) throws(RequestProblem) -> Bool {
        guard let first = line.firstIndex(of: UInt8(ascii: " ")), let last = line.lastIndex(of: UInt8(ascii: " ")),
            first < last
        else { throw .malformed("the request line is not METHOD TARGET VERSION") }
        let name = line[..<first]
        guard !name.isEmpty, name.count <= 32, name.allSatisfy(Self.isTokenByte) else {
            throw .malformed("the method is no token")
        }
        method = Self.methods.first { name == $0.name[...] }?.method
        let target = line[(first + 1)..<last]
        guard target.count <= Self.targetLimit else { throw .targetTooLong(limit: Self.targetLimit) }
        guard !target.isEmpty, target.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .malformed("the request target has a blank, or a byte that is not printable ASCII")
        }
        self.target = Self.originForm(String(decoding: target, as: UTF8.self))
        let version = line[(last + 1)...]
        guard version.count == 8, version.starts(with: "HTTP/".utf8) else {
            throw .malformed("the request line ends without an HTTP version")
        }
        guard version.starts(with: "HTTP/1.".utf8), let minor = version.last, (0x30...0x39).contains(minor) else {
            throw .version
        }
        return minor == UInt8(ascii: "0")
    }

    private static let methods: [(name: [UInt8], method: BootRequest.Method)] = [
        (Array("GET".utf8), .get), (Array("HEAD".utf8), .head), (Array("POST".utf8), .post),
    ]

    private static func originForm(_ target: String) -> String {
        guard !target.hasPrefix("/"), let scheme = ["http://", "https://"].first(where: target.hasPrefix) else {
            return target
        }
        let path = target.dropFirst(scheme.count).drop { $0 != "/" }
        return path.isEmpty ? "/" : String(path)
    }

    private mutating func takeField(_ line: ArraySlice<UInt8>, _ seen: inout Seen) throws(RequestProblem) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed("a field without a colon") }
        let name = line[..<colon]
        // A blank before the colon, or in front of a folded line, is what smuggling is made of (RFC 9112, 5.1, 5.2).
        guard !name.isEmpty, name.allSatisfy(Self.isTokenByte) else { throw .malformed("a field's name is no token") }
        let bytes = Self.trimmed(line[(colon + 1)...])
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw .malformed("a field's value has a control character")
        }
        guard let field = Field(name) else { return }
        let value = String(decoding: bytes, as: UTF8.self)
        switch field {
        case .host:
            if seen.host { throw .malformed("more than one Host") }
            seen.host = true
        case .transferEncoding: seen.transferCoding = true
        case .contentLength:
            guard let length = decimalValue(bytes) else { throw .malformed("Content-Length is no count") }
            if seen.length, length != contentLength { throw .malformed("two lengths that differ") }
            seen.length = true
            contentLength = length
        case .connection:
            if value.lowercased().contains("close") { seen.close = true }
        case .expect:
            guard value.lowercased() == "100-continue" else { throw .expectation }
            expectsContinue = true
        case .authorization: authorization = authorization ?? value
        case .range:
            guard range == nil else { return }
            range = value
            rangePlace = bytes.indices
        case .ifRange: ifRange = ifRange ?? value
        case .ifNoneMatch: ifNoneMatch = ifNoneMatch.map { "\($0), \(value)" } ?? value
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop { $0 == 0x20 || $0 == 0x09 }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }

    /// RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x5e...0x7a, 0x7c, 0x7e: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e: true
        default: false
        }
    }
}

extension RequestHead {
    /// The header fields that are looked at.
    private enum Field: String, CaseIterable {
        case host
        case transferEncoding = "transfer-encoding"
        case contentLength = "content-length"
        case connection, expect, authorization, range
        case ifRange = "if-range"
        case ifNoneMatch = "if-none-match"

        private static let known: [(name: [UInt8], field: Field)] = allCases.map { (Array($0.rawValue.utf8), $0) }

        /// Names are the same in any case (RFC 9110, 5.1).
        init?(_ name: ArraySlice<UInt8>) {
            for known in Self.known where name.isSame(as: known.name) {
                self = known.field
                return
            }
            return nil
        }
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes are `name`, which is in lower case, in any case. A loop over indices, for each request does it
    /// for each known name: generics over pairs stay unspecialised.
    fileprivate func isSame(as name: [UInt8]) -> Bool {
        guard count == name.count else { return false }
        var index = startIndex
        for wanted in name {
            let byte = self[index]
            guard wanted == byte | (0x41...0x5a ~= byte ? 0x20 : 0) else { return false }
            index += 1
        }
        return true
    }
}
