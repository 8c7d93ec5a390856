import BootProtocols
import FuzzHarness

/// A message that comes by a relay agent, made of an input's choices; option 82 of sub-options or of any bytes.
struct RelayedMessage {
    var message: DHCPMessage
    var source: IPv4Endpoint
    var relayInformation: [UInt8]?
    var bytes: [UInt8]

    private static let types: [DHCPMessageType] = [.discover, .request, .inform, .discover, .release, .decline]

    init(_ input: inout FuzzInput) {
        let mac = MACAddress(value: 0x5254_0012_3400 | UInt64(input.byte() & 15))
        message = DHCPMessage(.request, transactionID: UInt32(input.byte()), mac: mac)
        message.options.messageType = Self.types[Int(input.byte()) % Self.types.count]
        message.relayAddress = Self.address(&input)
        message.hops = 1
        let flags = input.byte()
        if flags & 1 != 0 { message.options.requestedAddress = Self.address(&input) }
        if flags & 2 != 0 { message.clientAddress = Self.address(&input) }
        if flags & 4 != 0 { message.options.serverIdentifier = Self.address(&input) }
        if flags & 8 != 0 { message.options[.subnetSelection] = input.bytes(Int(input.byte() & 7))[...] }
        message.wantsBroadcast = flags & 16 != 0
        source = IPv4Endpoint(message.relayAddress, port: flags & 32 == 0 ? 67 : input.uint16())
        relayInformation = flags & 64 == 0 ? Self.subOptions(&input) : input.bytes(Int(input.byte()))
        if relayInformation?.isEmpty == true { relayInformation = nil }
        message.options.relayAgentInformation = relayInformation.map { $0[...] }
        bytes = (try? message.encoded()) ?? []
    }

    /// Of the three subnets that are served, near them, or anywhere.
    private static func address(_ input: inout FuzzInput) -> IPv4Address {
        let choice = input.byte()
        switch choice {
        case 0..<192: return IPv4Address(value: 0x0a4d_0000 | UInt32(choice >> 5) << 8 | UInt32(choice & 31))
        case 192..<208: return .any
        default: return IPv4Address(value: input.uint32())
        }
    }

    private static func subOptions(_ input: inout FuzzInput) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int(input.byte() & 7) {
            let code = [1, 2, 5, 9, 10, 11, 19, 151][Int(input.byte() & 7)] as UInt8
            let value: [UInt8]
            switch code {
            case 1, 2: value = Array("port-\(input.byte() & 3)".utf8)
            case 5, 11: value = address(&input).octets
            default: value = input.bytes(Int(input.byte() & 7))
            }
            bytes += [code, UInt8(value.count)] + value
        }
        return bytes.count > 255 ? [] : bytes
    }

    /// The first sub-option of this code (RFC 3046, 2.0), read without the codec.
    /// - Parameter size: bytes that it must have; one of another size counts for none.
    static func subOption(_ code: UInt8, of size: Int? = nil, in bytes: [UInt8]) -> [UInt8]? {
        var at = 0
        while at + 1 < bytes.count {
            let end = at + 2 + Int(bytes[at + 1])
            guard end <= bytes.count else { return nil }
            if bytes[at] == code, size == nil || size == end - at - 2 { return Array(bytes[at + 2..<end]) }
            at = end
        }
        return nil
    }

    /// DISCOVER by the relay of the second subnet with a circuit; by link selection for the third with an override; a
    /// REQUEST after each.
    static let seeds: [[UInt8]] = [
        [1, 1, 0, 33, 0, 1, 0, 1, 1, 1, 1, 33, 1, 40, 1, 0, 1],
        [2, 1, 0, 33, 0, 3, 2, 65, 5, 33, 6, 1, 2, 1, 1, 33, 5, 70, 33, 3, 2, 65, 5, 33, 6, 1],
        [3, 1, 0, 33, 64, 9, 1, 4, 1, 2, 3, 4, 5, 4, 10, 77, 2, 1],
    ]
}
