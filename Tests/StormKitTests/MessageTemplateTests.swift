import BootProtocols
import Testing

@testable import StormKit

struct MessageTemplateTests {
    private func written(_ template: MessageTemplate, _ values: MessageTemplate.Values) throws -> DHCPMessage {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1500, alignment: 16)
        defer { room.deallocate() }
        let size = template.write(values, to: room)
        return try DHCPMessage(decoding: Array(room[..<size]))
    }

    @Test(arguments: ClientShape.allCases)
    func aNodesOwnValuesAreInTheirPlaces(_ shape: ClientShape) throws {
        let set = try MessageSet(shape, broadcasts: false, hops: 1)
        let mac = MACAddress(value: 0x0253_0700_1234)
        let message = try written(
            set.request,
            .init(
                transactionID: 0xdead_beef, mac: mac.value, relayAddress: 0x0a40_0002, requestedAddress: 0x0a40_1234,
                server: 0x0a40_0001))
        #expect(message.mac == mac)
        #expect(message.transactionID == 0xdead_beef)
        #expect(message.relayAddress == IPv4Address(value: 0x0a40_0002))
        #expect(message.options.messageType == .request)
        #expect(message.options.requestedAddress == IPv4Address(value: 0x0a40_1234))
        #expect(message.options.serverIdentifier == IPv4Address(value: 0x0a40_0001))
        if let identifier = message.options[.clientIdentifier] { #expect(Array(identifier) == [1] + mac.octets) }
        if let machine = message.options[.clientMachine] { #expect(Array(machine.suffix(6)) == mac.octets) }
        #expect((message.options[.clientMachine] != nil) == (shape != .system))
    }

    @Test func aRenewalNamesItsAddressInTheHeaderAlone() throws {
        let set = try MessageSet(.system, broadcasts: false, hops: 1)
        let message = try written(set.renewal, .init(mac: 0x0253_0000_0001, clientAddress: 0x0a40_1234))
        #expect(message.clientAddress == IPv4Address(value: 0x0a40_1234))
        #expect(message.options.requestedAddress == nil && message.options.serverIdentifier == nil)
    }

    @Test func shapesAreToldApart() throws {
        let ipxe = try written(MessageSet(.ipxe, broadcasts: false, hops: 0).discover, .init(mac: 1))
        #expect(ipxe.options.ipxe?.features.contains(.http) == true)
        #expect(ipxe.options.userClasses == ["iPXE"])
        let rom = try written(MessageSet(.pxe, broadcasts: true, hops: 0).discover, .init(mac: 1))
        #expect(rom.options.vendorClass?.hasPrefix("PXEClient") == true && rom.options.ipxe == nil)
        #expect(rom.wantsBroadcast)
    }

    @Test func aBufferTooSmallTakesNothing() throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 16)
        defer { room.deallocate() }
        #expect(try MessageSet(.pxe, broadcasts: false, hops: 0).discover.write(.init(), to: room) == 0)
    }
}
