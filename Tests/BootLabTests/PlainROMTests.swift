import BootProtocols
import Testing

@testable import BootLab

@Suite struct PlainROMTests {
    private let mac = MACAddress(value: 0x5254_0077_0001)

    private func frame(to port: UInt16, _ payload: [UInt8]) throws -> [UInt8] {
        try UDPFrame(
            from: IPv4Endpoint(.any, port: 68), at: mac, to: IPv4Endpoint(.broadcast, port: port), at: .broadcast,
            payload: payload
        ).bytes
    }

    private func discover() throws -> [UInt8] {
        var message = DHCPMessage(.request, transactionID: 0x1234, mac: mac)
        message.options[.messageType] = [1]
        message.options[.vendorClass] = Array("PXEClient:Arch:00000:UNDI:002001".utf8)[...]
        message.options[.userClass] = Array("iPXE".utf8)[...]
        message.options[.ipxe] = [19, 1, 1]
        return try frame(to: 67, try message.encoded())
    }

    @Test func takesOutWhatTellsIPXE() throws {
        var rom = PlainROM()
        let original = try discover()
        let plain = try UDPFrame(decoding: rom.pass(original))
        let message = try DHCPMessage(decoding: Array(plain.payload))
        #expect(message.options[.userClass] == nil)
        #expect(message.options[.ipxe] == nil)
        #expect(
            message.options[.vendorClass].map { String(decoding: $0, as: UTF8.self) }?.hasPrefix("PXEClient") == true)
        #expect(message.transactionID == 0x1234)
        #expect(plain.checksumMatches)
        #expect(plain.ethernet.source == mac)
        #expect(plain.udp.sourcePort == 68)
    }

    @Test func letsTheLoaderSpeakForItself() throws {
        var rom = PlainROM()
        let request = try frame(to: 69, [0, 1] + Array("undionly.kpxe".utf8) + [0] + Array("octet".utf8) + [0])
        #expect(rom.pass(request) == request)
        let original = try discover()
        #expect(rom.pass(original) == original)
    }

    @Test func passesOnWhatItDoesNotRead() throws {
        var rom = PlainROM()
        for bytes in [[], [1, 2, 3], try frame(to: 67, [1, 2, 3]), try frame(to: 53, [9])] {
            #expect(rom.pass(bytes) == bytes)
        }
        #expect(!rom.isOver)
    }
}
