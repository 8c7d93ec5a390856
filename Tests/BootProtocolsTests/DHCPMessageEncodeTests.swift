import BootProtocols
import Testing

@Suite("DHCPMessage: encoding")
struct DHCPMessageEncodeTests {
    private let mac = MACAddress(value: 0x5254_0012_3456)

    private func offer() throws -> DHCPMessage {
        var message = DHCPMessage(.reply, transactionID: 0x1234_5678, mac: mac)
        message.yourAddress = try #require(IPv4Address("10.77.0.55"))
        message.nextServer = try #require(IPv4Address("10.77.0.1"))
        message.serverName = "10.77.0.1"
        message.bootFile = "undionly.kpxe"
        message.options.relayAgentInformation = [1, 2, 3, 4]
        message.options.tftpServerName = "10.77.0.1"
        message.options.bootFileName = "undionly.kpxe"
        message.options.messageType = .offer
        return message
    }

    @Test("what is encoded decodes to the same")
    func roundTrip() throws {
        var message = try offer()
        message.hops = 2
        message.secs = 0xffff
        message.wantsBroadcast = true
        message.relayAddress = try #require(IPv4Address("10.77.0.254"))
        let decoded = try DHCPMessage(decoding: try message.encoded())
        #expect(decoded.options.messageType == .offer)
        for code in [DHCPOptionCode.relayAgentInformation, .tftpServerName, .bootFileName] {
            #expect(decoded.options[code] == message.options[code])
        }
        var fixed = decoded
        fixed.options = message.options
        #expect(fixed == message)
    }

    @Test("fields lie where RFC 951 puts them, and the message is padded to 300 bytes")
    func layout() throws {
        let bytes = try offer().encoded()
        #expect(bytes.count == 300)
        #expect(bytes[0..<8] == [2, 1, 6, 0, 0x12, 0x34, 0x56, 0x78])
        #expect(bytes[16..<20] == [10, 77, 0, 55])
        #expect(bytes[20..<24] == [10, 77, 0, 1])
        #expect(bytes[28..<44] == [0x52, 0x54, 0, 0x12, 0x34, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes[44..<54].elementsEqual("10.77.0.1\0".utf8))
        #expect(bytes[108..<122].elementsEqual("undionly.kpxe\0".utf8))
        #expect(bytes[236..<240] == [99, 130, 83, 99])
    }

    @Test("message type first, 66 and 67 with a NUL, relay information last before END")
    func options() throws {
        let bytes = try offer().encoded()
        let expected: [UInt8] =
            [53, 1, 2, 66, 10] + "10.77.0.1\0".utf8 + [67, 14] + "undionly.kpxe\0".utf8 + [82, 4, 1, 2, 3, 4, 255]
        #expect(bytes[240...].prefix(expected.count).elementsEqual(expected))
        #expect(bytes[(240 + expected.count)...].allSatisfy { $0 == 0 })
    }

    @Test("nothing is split, cut or overloaded: what does not fit is an error")
    func tooLong() throws {
        var message = try offer()
        message.options[.clientIdentifier] = [UInt8](repeating: 7, count: 256)[...]
        #expect(throws: DHCPError.optionTooLong(code: .clientIdentifier, byteCount: 256)) { try message.encoded() }
        message = try offer()
        message.bootFile = String(repeating: "x", count: 128)
        #expect(throws: DHCPError.nameTooLong(field: "file", byteCount: 128)) { try message.encoded() }
        message.bootFile = String(repeating: "x", count: 127)
        #expect(try message.encoded().count == 300)
        message.serverName = String(repeating: "x", count: 64)
        #expect(throws: DHCPError.nameTooLong(field: "sname", byteCount: 64)) { try message.encoded() }
        message = try offer()
        message.options[.clientIdentifier] = [UInt8](repeating: 7, count: 255)[...]
        #expect(throws: DHCPError.exceedsLimit(byteCount: 535, limit: 534)) { try message.encoded(limit: 534) }
        #expect(try message.encoded(limit: 535).count == 535)
    }
}
