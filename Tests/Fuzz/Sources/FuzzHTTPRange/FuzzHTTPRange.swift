import FuzzHarness

@testable import BootHTTP

// The short way to the next range of a bundle: a request, and another one made from it by a few changes. What is taken
// for the next range must be the same request when it is read whole, but for range and bundle.

private let size = 300_000

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let id = String(repeating: "0a", count: 32)
        let edits: [[UInt8]] = [
            [0], [1, 0, 0, 120, 0x37], [2, 1, 0, 121, 0x35, 1, 0, 121, 0x39], [1, 0, 0, 30, 0x62],
        ]
        let fields = [
            "Host: x\r\nAuthorization: Bearer 7.abc\r\nRange: bytes=0-99\r\n",
            "Range: bytes=5-9\r\nrange: bytes=5-9\r\nHost: x\r\n",
            "Host: x\r\nX: bytes=5-9\r\nRange:  bytes=5-9\t\r\nIf-Range: \"5-9\"\r\n",
            "Host: x\nrANGE:bytes=007-1048575\nIf-None-Match: *\n",
        ]
        let requests = fields.map { "GET /node/v1/bundles/\(id) HTTP/1.1\r\n\($0)\r\n" }
        return requests.flatMap { request in edits.map { $0 + Array(request.utf8) } }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let edits = Int(bytes.first ?? 0) % 8
        let own = Array(bytes.dropFirst(1 + 4 * edits))
        guard let head = read(own), let request = RangeRequest(own, head) else { return }
        let asked = changed(own, by: bytes.dropFirst().prefix(4 * edits))
        guard let id = asked.withUnsafeBytes({ request.id(askedBy: $0) }) else {
            require(asked != own, "a request is not what it is")
            return
        }
        let part = asked.withUnsafeBytes { request.part(askedBy: $0, of: id, size: size) }
        // Without one the request is read whole: whatever it is then.
        guard let part else { return }
        guard BootRoute.bundle(in: "\(BootRoute.bundlePrefix)\(String(decoding: id, as: UTF8.self))") != nil else {
            // No bundle has such a name.
            return
        }
        check(part, of: id, asked, against: head)
    }
}

private func check(_ part: Range<Int>, of id: [UInt8], _ asked: [UInt8], against head: RequestHead) {
    guard var whole = read(asked) else { return require(false, "what was taken for a request is none") }
    require(ByteRange.parse(whole.range, size: size) == .part(part), "\(part) is not the range that was asked for")
    require(
        whole.target == BootRoute.bundlePrefix + String(decoding: id, as: UTF8.self), "\(whole.target) is another one")
    whole.target = head.target
    whole.range = head.range
    whole.rangePlace = head.rangePlace
    require(whole == head, "what was taken for the same request is another one")
}

/// The one request that the bytes are.
private func read(_ bytes: [UInt8]) -> RequestHead? {
    var reader = RequestReader()
    reader.append(bytes)
    guard let (head, body) = try? reader.next(), body.isEmpty, reader.isIdle else { return nil }
    return head
}

/// Four bytes for each edit: what to do, where, and with which byte.
private func changed(_ bytes: [UInt8], by edits: ArraySlice<UInt8>) -> [UInt8] {
    var bytes = bytes
    var rest = Array(edits)[...]
    while rest.count >= 4, !bytes.isEmpty {
        let edit = Array(rest.prefix(4))
        rest = rest.dropFirst(4)
        let place = (Int(edit[1]) << 8 | Int(edit[2])) % bytes.count
        switch edit[0] % 3 {
        case 0: bytes[place] = edit[3]
        case 1: bytes.insert(edit[3], at: place)
        default: bytes.remove(at: place)
        }
    }
    return bytes
}
