import BootProtocols
import Glibc
import PacketIO
import Testing

/// Raw sockets need CAP_NET_RAW.
private var mayOpenRawSockets: Bool {
    guard let lo = try? NetworkInterface.named("lo") else { return false }
    return (try? PacketSocket(interface: lo, filter: .none)) != nil
}

private func waitForFrame(_ socket: borrowing PacketSocket) throws -> [UInt8]? {
    let poller = try Poller(waker: Waker())
    try poller.add(socket.descriptor, token: 1)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    defer { buffer.deallocate() }
    var ready = true
    while ready {
        ready = false
        try poller.wait(milliseconds: 2000) { _, _ in ready = true }
        if let frame = try socket.receive(into: buffer) { return Array(buffer[..<frame.count]) }
    }
    return nil
}

@Test(.enabled(if: mayOpenRawSockets))
func theFilterLetsOnlyItsPortThrough() throws {
    let lo = try NetworkInterface.named("lo")
    let address = IPv4Address(value: 0x7f00_0001)
    let wanted = try UDPSocket(.init(address: address, port: 0))
    let unwanted = try UDPSocket(.init(address: address, port: 0))
    let raw = try PacketSocket(interface: lo, filter: .udpPort(wanted.local.port))
    let payload: [UInt8] = [0xaa, 0xbb]
    try unwanted.send(payload.span.bytes, to: unwanted.local)
    try unwanted.send(payload.span.bytes, to: wanted.local)
    let frame = try #require(try waitForFrame(raw))
    // Ethernet 14, IPv4 20, UDP 8, and our two bytes.
    #expect(frame.count == 44)
    #expect(frame.suffix(2) == payload)
    let port = UInt16(frame[36]) << 8 | UInt16(frame[37])
    #expect(port == wanted.local.port)
    // No DF bit in what our UDP sockets send.
    #expect(frame[20] & 0x40 == 0)
}

@Test(.enabled(if: mayOpenRawSockets))
func aFrameGoesOutAsItIs() throws {
    let lo = try NetworkInterface.named("lo")
    let type: UInt16 = 0x88b5  // IEEE 802, local experimental use 1
    let raw = try PacketSocket(interface: lo, filter: .etherType(type))
    let frame: [UInt8] = [UInt8](repeating: 0, count: 12) + [0x88, 0xb5] + [UInt8](1...46)
    #expect(try raw.send(frame: frame.span.bytes))
    #expect(try waitForFrame(raw) == frame)
}
