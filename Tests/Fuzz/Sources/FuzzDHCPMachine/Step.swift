import BootProtocols
import DHCPService
import FuzzHarness

/// One datagram out of an input, and the time that passes before it.
struct Step {
    /// Milliseconds; may be negative.
    var pause: Int64
    var source: IPv4Endpoint
    var port: DHCPPort
    var bytes: [UInt8]

    static let server = IPv4Address(value: 0x0a4d_0001)
    private static let pauses: [Int64] = [0, 1, 900, 59_000, 61_000, 121_000, 601_000, 3_601_000, -900, -4_000_000]
    private static let types: [DHCPMessageType] = [.discover, .request, .decline, .release, .inform, .request]

    /// Bit 7 of the first byte: bytes as they are; else a message of its choices, so that exchanges come about.
    init(_ input: inout FuzzInput) {
        let head = input.byte()
        pause = Self.pauses[Int(head & 15) % Self.pauses.count]
        port = head & 0x40 == 0 ? .server : .bootServer
        source = IPv4Endpoint(Self.address(&input), port: head & 0x20 == 0 ? 68 : 0)
        bytes = head & 0x80 == 0 ? Self.message(&input) : input.bytes(Int(input.uint16() % 1500))
    }

    /// The same datagram from one of many other machines.
    func fromMachine(_ number: UInt64) -> Step {
        var step = self
        // chaddr, at its place (RFC 2131, 2).
        if bytes.count >= 34 {
            let mac = MACAddress(value: number &* 0x9e37_79b9 & 0xfeff_ffff_ffff)
            step.bytes.replaceSubrange(28..<34, with: mac.octets)
        }
        // So that no hour passes between each two of them.
        step.pause = max(-60_000, min(pause, 60_000)) / 100
        return step
    }

    private static func address(_ input: inout FuzzInput) -> IPv4Address {
        let choice = input.byte()
        switch choice {
        case 0..<128: return IPv4Address(value: server.value & 0xffff_ff00 | UInt32(choice & 31))
        case 128..<224: return .any
        case 224: return .broadcast
        default: return IPv4Address(value: input.uint32())
        }
    }

    /// Nil half of the time.
    private static func maybe(_ input: inout FuzzInput) -> IPv4Address? {
        input.byte() & 1 == 0 ? nil : address(&input)
    }

    private static func message(_ input: inout FuzzInput) -> [UInt8] {
        let choice = input.byte()
        let mac = MACAddress(value: 0x5254_0012_3400 | UInt64(choice & 31))
        var message = DHCPMessage(.request, transactionID: UInt32(choice >> 5), mac: mac)
        message.options.messageType = types[Int(input.byte()) % types.count]
        message.options.requestedAddress = maybe(&input)
        message.options.serverIdentifier = input.byte() & 3 == 0 ? server : maybe(&input)
        message.clientAddress = maybe(&input) ?? .any
        let flags = input.byte()
        message.wantsBroadcast = flags & 1 != 0
        if flags & 6 == 6 { message.relayAddress = address(&input) }
        if flags & 8 != 0 { message.options.maximumMessageSize = input.uint16() }
        identify(&message, as: flags >> 4)
        // What an option may hold that no client sends.
        let extra = input.byte()
        if extra > 200 { message.options[DHCPOptionCode(rawValue: input.byte())] = input.bytes(Int(extra - 190))[...] }
        return (try? message.encoded()) ?? []
    }

    private static func identify(_ message: inout DHCPMessage, as client: UInt8) {
        switch client {
        case 1, 2:
            message.options.vendorClass = "PXEClient:Arch:00000:UNDI:002001"
            message.options.clientArchitectures = [client == 1 ? .bios : .efiX64]
            message.options.clientMachine = ClientMachine(bytes: [UInt8](repeating: 7, count: 16)[...])
        case 3:
            message.options.vendorClass = "HTTPClient:Arch:00016:UNDI:003001"
            message.options.clientArchitectures = [.httpX64]
        case 4, 5:
            message.options.vendorClass = "PXEClient:Arch:00007:UNDI:003010"
            message.options.clientArchitectures = [client == 4 ? .bios : .efiX64]
            message.options.ipxe = IPXEOptions()
            message.options.userClasses = ["iPXE"]
        case 6: message.options.vendorClass = "perseid-agent"
        case 7: message.options.parameterRequestList = [.hostName, .domainName]
        default: break
        }
    }

    /// DISCOVER and REQUEST of a BIOS ROM, then of iPXE.
    static let seeds: [[UInt8]] = [
        [0, 0, 128, 1, 0, 0, 1, 0, 0x10, 0, 1, 128, 1, 1, 1, 2, 0, 0, 0x10, 0],
        [1, 0, 128, 2, 0, 1, 5, 0, 0, 0x40, 0, 2, 128, 2, 1, 1, 5, 0, 0, 0x40, 0, 6, 128, 2, 2, 1, 5, 0, 0, 0, 0],
    ]
}
