import FuzzHarness

@testable import BootProtocols

// The TFTP codec on arbitrary bytes: what reads is written again and reads the same, and no buffer is overrun.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let captured = Captures.payloads { $0.destinationPort == 69 || $0.sourcePort != 67 && $0.sourcePort != 68 }
        let mail = Array("\u{0}\u{2}name\u{0}mail\u{0}TIMEOUT\u{0}255\u{0}windowsize\u{0}65536\u{0}".utf8)
        return captured.map { Array($0.prefix(600)) } + [mail, [0, 6] + Array("BlkSize\u{0}65464\u{0}".utf8)]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        checkNetascii(bytes)
        do throws(TFTPDecodingError) {
            check(try TFTPPacket(decoding: bytes.span.bytes), of: bytes)
        } catch {
            require(!error.description.isEmpty, "an error without words")
        }
    }
}

/// Text that is written in netascii reads back the same, wherever the pieces are cut.
private func checkNetascii(_ bytes: [UInt8]) {
    let wire = Netascii.encode(bytes)
    require(wire.count <= 2 * bytes.count, "\(bytes.count) bytes become \(wire.count)")
    let cut = wire.count / 3
    var decoder = NetasciiDecoder()
    let text = decoder.decode(wire[..<cut]) + decoder.decode(wire[cut...]) + decoder.finish()
    require(text == bytes, "netascii does not read back")
    var other = NetasciiDecoder()
    require(other.decode(bytes).count + other.finish().count <= bytes.count + 1, "text grows when it is read")
}

private func check(_ packet: TFTPPacket, of bytes: [UInt8]) {
    if case .data(let block, let payload) = packet {
        require(payload == 4..<bytes.count, "the payload is at \(payload) of \(bytes.count) bytes")
        let header = TFTPPacket.data(block: block, payload: payload).bytes
        require(header.elementsEqual(bytes.prefix(4)), "the header of a block reads \(header)")
        return
    }
    // An OACK of nothing is taken from padded ones, and never sent: it is too short to be read.
    if case .optionAcknowledgment([]) = packet { return }
    let encoded = packet.bytes
    let again = try? TFTPPacket(decoding: encoded.span.bytes)
    require(again == packet, "\(packet) reads back as \(String(describing: again))")
    checkOptions(packet)
    checkRoom(packet, encoded)
}

private func checkOptions(_ packet: TFTPPacket) {
    let options: [TFTPOption]
    switch packet {
    case .readRequest(let request), .writeRequest(let request): options = request.options
    case .optionAcknowledgment(let list): options = list
    case .data, .acknowledgment, .error: return
    }
    require(Set(options.map(\.kind)).count == options.count, "an option comes twice in \(packet)")
    for option in options {
        let range =
            switch option.kind {
            case .blockSize: 8...65464
            case .timeout: 1...255
            case .transferSize: 0...Int.max
            case .windowSize: 1...65535
            }
        require(range.contains(option.value), "\(option) is out of range")
    }
}

/// The packet fits where it just fits; with a byte less it does not, and nothing behind the room is written.
private func checkRoom(_ packet: TFTPPacket, _ encoded: [UInt8]) {
    var room = [UInt8](repeating: 0xa5, count: encoded.count + 1)
    room.withUnsafeMutableBytes { room in
        let short = UnsafeMutableRawBufferPointer(rebasing: room[..<(encoded.count - 1)])
        require(packet.encode(into: short) == nil, "fits into less than it takes")
        require(room[encoded.count - 1] == 0xa5, "wrote past the end of its room")
        let exact = UnsafeMutableRawBufferPointer(rebasing: room[..<encoded.count])
        require(packet.encode(into: exact) == encoded.count, "does not fit into what it takes")
        require(room[encoded.count] == 0xa5, "wrote past the end of its room")
    }
    require(room.dropLast().elementsEqual(encoded), "is written in two ways")
}
