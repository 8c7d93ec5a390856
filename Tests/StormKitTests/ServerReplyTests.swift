import BootProtocols
import Testing

@testable import StormKit

struct ServerReplyTests {
    private func read(_ bytes: [UInt8]) -> ServerReply? { bytes.withUnsafeBytes { ServerReply($0) } }

    private var offer: DHCPMessage {
        var message = DHCPMessage(.reply, transactionID: 77, mac: MACAddress(value: 0x0253_0000_0009))
        message.yourAddress = IPv4Address(value: 0x0a40_0009)
        message.bootFile = "undionly.kpxe"
        message.options.messageType = .offer
        message.options.serverIdentifier = IPv4Address(value: 0x0a40_0001)
        message.options.leaseTime = 3600
        return message
    }

    @Test func readsWhatTheCodecWrites() throws {
        let reply = try #require(read(try offer.encoded()))
        #expect(reply.type == DHCPMessageType.offer.rawValue)
        #expect(reply.transactionID == 77 && reply.mac == 0x0253_0000_0009)
        #expect(reply.address == 0x0a40_0009 && reply.server == 0x0a40_0001)
        #expect(reply.leaseSeconds == 3600 && reply.namesBootFile)
    }

    @Test func refusesWhatIsNoAnswer() throws {
        let whole = try offer.encoded()
        var request = whole
        request[0] = 1
        #expect(read(request) == nil)
        var cookie = whole
        cookie[236] = 0
        #expect(read(cookie) == nil)
        var untyped = offer
        untyped.options[.messageType] = nil
        #expect(read(try untyped.encoded()) == nil)
    }

    @Test func noCutAndNoByteTraps() throws {
        let whole = try offer.encoded()
        for size in 0...whole.count { _ = read(Array(whole[..<size])) }
        for index in 236..<whole.count {
            for value in [0, 1, 52, 254, 255] as [UInt8] {
                var damaged = whole
                damaged[index] = value
                _ = read(damaged)
            }
        }
    }
}
