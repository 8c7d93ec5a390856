import BootProtocols
import Testing

@testable import StormKit

struct FrameTemplateTests {
    private let route = FrameTemplate.Route(
        source: MACAddress(value: 0x0253_0000_0007), destination: MACAddress(value: 0x5254_0000_0001),
        sourceAddress: 0x0a40_1234, destinationAddress: 0x0a40_0001)

    @Test(arguments: ClientShape.allCases, [0x0a40_1234, 0, 0xffff_fffe] as [UInt32])
    func aFrameReadsWithItsAddressesAndARightChecksum(_ shape: ClientShape, _ source: UInt32) throws {
        let set = try MessageSet(shape, broadcasts: false, hops: 0)
        let template = try FrameTemplate(set.renewal)
        var route = route
        route.sourceAddress = source
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1500, alignment: 16)
        defer { room.deallocate() }
        let size = template.write(
            .init(mac: route.source.value, clientAddress: source), along: route, to: room)
        // Decoding checks the header's checksum.
        let frame = try UDPFrame(decoding: Array(room[..<size]))
        #expect(frame.ethernet.source == route.source && frame.ethernet.destination == route.destination)
        #expect(frame.ip.source.value == source && frame.ip.destination.value == route.destinationAddress)
        #expect(frame.udp.sourcePort == 68 && frame.udp.destinationPort == 67 && frame.udp.checksum == 0)
        let message = try DHCPMessage(decoding: Array(frame.payload))
        #expect(message.mac == route.source && message.clientAddress.value == source)
    }

    @Test(arguments: [0, 41, 42, 200])
    func aBufferTooSmallTakesNothing(_ size: Int) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { room.deallocate() }
        let set = try MessageSet(.system, broadcasts: false, hops: 0)
        #expect(try FrameTemplate(set.discover).write(.init(), along: route, to: room) == 0)
    }
}
