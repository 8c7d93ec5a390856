import FuzzHarness

@testable import BootHTTP

// The boot plane's reading of requests on arbitrary bytes: whole, and in pieces whose length the first byte tells.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        [
            "\u{1}GET /boot//snponly.efi HTTP/1.1\r\nHost: a\r\nRange: bytes=0-9\r\nIf-Range: \"t\"\r\n\r\n",
            "\u{9}POST /node/v1/report HTTP/1.1\nHost: a\nContent-Length: 2\n\n[]GET / HTTP/1.0\n\n",
            "\u{7f}HEAD http://a/boot/x HTTP/1.1\r\nhost: a\r\nConnection: close\r\nIf-None-Match: *\r\n\r\n",
            "\u{3}\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
            "\u{20}POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n",
            "\u{5}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        ].map { Array($0.utf8) }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let step = max(1, Int(bytes.first ?? 1))
        let text = bytes.dropFirst()
        let whole = read(text, step: max(1, text.count))
        let pieces = read(text, step: step)
        require(whole.heads == pieces.heads, "requests are others in pieces of \(step) bytes")
        require(
            whole.status == pieces.status, "\(whole.status ?? 0) is \(pieces.status ?? 0) in pieces of \(step) bytes")
    }
}

/// The requests of a stream, and the status that ends it.
private func read(_ bytes: ArraySlice<UInt8>, step: Int) -> (heads: [RequestHead], status: Int?) {
    var reader = RequestReader()
    var heads: [RequestHead] = []
    var rest = bytes
    do throws(RequestProblem) {
        while !rest.isEmpty {
            let piece = rest.prefix(step)
            rest = rest.dropFirst(piece.count)
            reader.append(piece)
            while let (head, body) = try reader.next() {
                require(body.count == head.contentLength, "a body of another length")
                require(head.target.utf8.count <= RequestHead.targetLimit, "a target over the limit")
                heads.append(head)
            }
            let limit = RequestReader.headLimit + RequestReader.bodyLimit + step
            require(reader.waiting <= limit, "\(reader.waiting) bytes wait")
        }
    } catch {
        return (heads, error.status)
    }
    return (heads, nil)
}
