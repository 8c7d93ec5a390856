import AgentKit
import FuzzHarness

// The agent's reading of a response's head on arbitrary bytes, whole and in pieces.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        [
            "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\nHello",
            "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 0-1023/4096\r\ncontent-length: 1024\r\n\r\n",
            "HTTP/1.0 416 Range Not Satisfiable\r\nContent-Range: bytes */4096\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 503 Busy\nRetry-After: 3\nContent-Length: 0\nConnection: close, x\n\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
        ].map { Array($0.utf8) }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        do throws(HTTPHeadError) {
            if let (head, length) = try HTTPResponseHead.parse(bytes) {
                check(head, length, bytes)
            } else {
                require(bytes.count < HTTPResponseHead.sizeLimit, "waits for more than the limit")
            }
        } catch {
            require(!error.description.isEmpty, "an error without words")
        }
    }
}

private func check(_ head: HTTPResponseHead, _ length: Int, _ bytes: [UInt8]) {
    require((1...min(bytes.count, HTTPResponseHead.sizeLimit)).contains(length), "a head of \(length) bytes")
    require((100...999).contains(head.status), "status \(head.status)")
    require(head.contentLength >= 0 && (head.retryAfterSeconds ?? 0) >= 0, "\(head) counts below zero")
    require((head.contentRange?.lowerBound ?? 0) >= 0, "\(head) has a range below zero")
    do throws(HTTPHeadError) {
        let exact = try HTTPResponseHead.parse(bytes[..<length])
        require(exact?.head == head && exact?.length == length, "what follows a head changes it")
        let short = try HTTPResponseHead.parse(bytes[..<(length - 1)])
        require(short == nil, "a head is read before it is there")
    } catch {
        require(false, "a head that reads does not read alone: \(error)")
    }
}
