import FuzzHarness

@testable import BootProtocols

// Ethernet frames with ARP, IPv4 and UDP, and router solicitations, on arbitrary bytes.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        // Of the frames that differ in EtherType or length.
        let keyed = Captures.frames().map { Array($0.dropFirst(12)) + $0.prefix(12) }
        return Captures.distinct(keyed).map { Array($0.suffix(12)) + $0.dropLast(12) } + [routerSolicitation]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        check(bytes)
        // A fuzzer does not guess checksums: the same again with right ones.
        check(mended(bytes))
    }
}

private func check(_ frame: [UInt8]) {
    do throws(FrameError) {
        checkUDP(try UDPFrame(decoding: frame), of: frame)
    } catch {
        require(!error.description.isEmpty, "an error without words")
    }
    if let arp = try? ARPPacket(decodingFrame: frame) {
        let again = try? ARPPacket(decodingFrame: arp.frame(to: .broadcast))
        require(again == arp, "an ARP packet reads back as \(String(describing: again))")
    }
    if let lldp = try? LLDPFrame(decodingFrame: frame) {
        for text in [lldp.systemName, lldp.portDescription, lldp.systemDescription] {
            require((text?.utf8.count ?? 0) < 260, "a text of LLDP that is longer than its limit")
        }
    }
    if let solicitation = try? RouterSolicitation(decodingFrame: frame) {
        let source = MACAddress(value: 0x0200_0000_0001)
        let answer = NoRouterAdvertisement(answering: solicitation, from: source).frame
        require(answer.count == 70, "an advertisement of \(answer.count) bytes")
    }
}

private func checkUDP(_ frame: UDPFrame, of bytes: [UInt8]) {
    _ = frame.checksumMatches
    require(frame.payload.count <= bytes.count - 42, "a payload longer than the frame")
    guard let again = try? UDPFrame(decoding: frame.bytes) else { return require(false, "\(frame) does not read back") }
    require(again.payload.elementsEqual(frame.payload) && again.udp == frame.udp, "\(frame) reads back as \(again)")
    let source = IPv4Endpoint(frame.ip.source, port: frame.udp.sourcePort)
    let destination = IPv4Endpoint(frame.ip.destination, port: frame.udp.destinationPort)
    let sent = try? UDPFrame(
        from: source, at: frame.ethernet.source, to: destination, at: frame.ethernet.destination,
        payload: Array(frame.payload))
    guard let sent, let read = try? UDPFrame(decoding: sent.bytes) else { return require(false, "cannot be sent") }
    require(read == sent && read.checksumMatches, "\(sent) reads back as \(read)")
}

/// The frame with the checksums that IPv4 and ICMPv6 want, reckoned here and not by what is tested.
private func mended(_ frame: [UInt8]) -> [UInt8] {
    var frame = frame
    guard frame.count >= 34 else { return frame }
    switch (frame[12], frame[13]) {
    case (0x08, 0x00):
        let end = 14 + Int(frame[14] & 15) * 4
        guard end >= 34, frame.count >= end else { return frame }
        put(sum(frame[14..<end], without: 24), at: 24, of: &frame)
    case (0x86, 0xdd):
        let length = Int(frame[18]) << 8 | Int(frame[19])
        guard length >= 4, frame.count >= 54 + length else { return frame }
        let pseudo = Array(frame[22..<54]) + [0, 0, frame[18], frame[19], 0, 0, 0, 58]
        frame[56] = 0
        frame[57] = 0
        put(sum((pseudo + frame[54..<54 + length])[...], without: nil), at: 56, of: &frame)
    default: break
    }
    return frame
}

private func sum(_ bytes: ArraySlice<UInt8>, without skipped: Int?) -> UInt16 {
    var sum: UInt32 = 0
    for (number, index) in bytes.indices.enumerated() where index != skipped && index - 1 != skipped {
        sum += number.isMultiple(of: 2) ? UInt32(bytes[index]) << 8 : UInt32(bytes[index])
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return ~UInt16(truncatingIfNeeded: sum)
}

private func put(_ value: UInt16, at offset: Int, of frame: inout [UInt8]) {
    frame[offset] = UInt8(value >> 8)
    frame[offset + 1] = UInt8(truncatingIfNeeded: value)
}

/// As iPXE sends it.
private let routerSolicitation: [UInt8] =
    [0x33, 0x33, 0, 0, 0, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 0x86, 0xdd]
    + [0x60, 0, 0, 0, 0, 16, 58, 255] + [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56]
    + [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    + [133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56]
