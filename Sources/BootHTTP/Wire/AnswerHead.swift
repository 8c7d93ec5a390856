import Glibc
import PacketIO

/// The head of a response as it goes out (RFC 9112, 4): written at once, and never chunked.
struct AnswerHead: Sendable {
    let bytes: [UInt8]
    /// Where the time stands, the number of Content-Length, and the two of Content-Range.
    private(set) var datePlace = 0..<0
    private(set) var lengthPlace: Range<Int>?
    private(set) var partPlace: Range<Int>?

    /// - Parameter date: as `HTTPDate` has it.
    init(_ answer: BootAnswer, keepsAlive: Bool, date: String) {
        var head: [UInt8] = []
        // As much as any answer of ours has.
        head.reserveCapacity(512)
        // One text at a time: a list of them would be an array in memory for each line.
        func add(_ text: String) { head.append(contentsOf: text.utf8) }
        func add(_ name: String, _ value: String) {
            add(name)
            add(value)
        }
        add("HTTP/1.1 ", String(answer.status))
        add(" ", Self.reason(answer.status))
        add("\r\nDate: ")
        let start = head.count
        add(date)
        datePlace = start..<head.count
        // Neither has a body, and 304 would have to tell the length of the one that it stands for (RFC 9110, 8.6).
        if answer.status != 204, answer.status != 304 {
            add("\r\nContent-Length: ")
            let place = head.count
            head.append(decimal: answer.length)
            lengthPlace = place..<head.count
            add("\r\nContent-Type: ", answer.contentType)
        }
        if answer.status == 206, case .file(let file, let part) = answer.body {
            add("\r\nContent-Range: bytes ")
            let place = head.count
            head.append(part)
            partPlace = place..<head.count
            add("/", String(file.size))
        }
        for (name, value) in answer.headers {
            add("\r\n", name)
            add(": ", value)
        }
        add(keepsAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n")
        bytes = head
    }

    /// RFC 9110, 15.
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 204: "No Content"
        case 206: "Partial Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: status < 500 ? "Refused" : "Internal Server Error"
        }
    }
}

extension [UInt8] {
    mutating func append(decimal number: Int) { append(contentsOf: String(number).utf8) }

    /// First and last byte, as Content-Range has them (RFC 9110, 14.4).
    mutating func append(_ part: Range<Int>) {
        append(decimal: part.lowerBound)
        append(UInt8(ascii: "-"))
        append(decimal: part.upperBound - 1)
    }
}

/// The time as HTTP writes it (RFC 9110, 5.6.7), made once a second.
struct HTTPDate: Sendable {
    private var second: Int64 = -1
    private var made = ""

    init() {}

    /// - Parameter milliseconds: since 1970.
    mutating func text(at milliseconds: Int64) -> String {
        let now = milliseconds / 1000
        if now != second {
            second = now
            made = Self.text(time_t(now))
        }
        return made
    }

    private static func text(_ time: time_t) -> String {
        var time = time
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = days.indices.contains(Int(parts.tm_wday)) ? days[Int(parts.tm_wday)] : days[0]
        let month = months.indices.contains(Int(parts.tm_mon)) ? months[Int(parts.tm_mon)] : months[0]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits).joined(separator: ":")
        return "\(day), \(twoDigits(parts.tm_mday)) \(month) \(parts.tm_year + 1900) \(clock) GMT"
    }

    private static func twoDigits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
