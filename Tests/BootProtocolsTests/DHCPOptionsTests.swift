import BootProtocols
import Testing

/// A message with `options` as its option bytes, and what lies in `file` and `sname`.
func rawMessage(options: [UInt8], file: [UInt8] = [], serverName: [UInt8] = []) -> [UInt8] {
    func padded(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }
    let fixed = padded([1, 1, 6, 0, 0, 0, 0, 9], 28) + padded([0x52, 0x54, 0, 0x12, 0x34, 0x56], 16)
    return fixed + padded(serverName, 64) + padded(file, 128) + [99, 130, 83, 99] + options
}

@Suite("DHCPOptions: RFC 3396 and overload")
struct SplitOptionsTests {
    @Test("pieces of one option are joined in their order, padding between them passed over")
    func joined() throws {
        let message = try DHCPMessage(
            decoding: rawMessage(options: [53, 1, 1, 77, 2, 1, 2, 0, 0, 12, 1, 0x61, 77, 1, 3, 255, 77, 1, 9]))
        #expect(message.options[.userClass] == [1, 2, 3])
        #expect(message.options.hostName == "a")
        #expect(message.options.map(\.code) == [.messageType, .userClass, .hostName])
    }

    @Test("a value over 255 bytes comes together from its pieces")
    func long() throws {
        let piece = [UInt8](repeating: 5, count: 255)
        let message = try DHCPMessage(decoding: rawMessage(options: [82, 255] + piece + [82, 255] + piece + [255]))
        #expect(message.options.relayAgentInformation?.count == 510)
    }

    @Test("options go on in file, then in sname, where option 52 says so")
    func overload() throws {
        let message = try DHCPMessage(
            decoding: rawMessage(
                options: [53, 1, 1, 52, 1, 3, 77, 1, 1, 255], file: [77, 1, 2, 255],
                serverName: [77, 1, 3, 12, 1, 0x61, 255]))
        #expect(message.options[.userClass] == [1, 2, 3])
        #expect(message.options.hostName == "a")
        #expect(message.bootFile.isEmpty)
        #expect(message.serverName.isEmpty)
        #expect(message.options[.overload] == nil)
    }

    @Test("only the named field is read for options")
    func overloadOfOne() throws {
        let name = Array("boot.efi".utf8)
        let inServerName = try DHCPMessage(
            decoding: rawMessage(options: [52, 1, 2, 255], file: name, serverName: [12, 1, 0x61, 255]))
        #expect(inServerName.bootFile == "boot.efi")
        #expect(inServerName.options.hostName == "a")
        let inFile = try DHCPMessage(
            decoding: rawMessage(options: [52, 1, 1, 255], file: [12, 1, 0x61, 255], serverName: name))
        #expect(inFile.serverName == "boot.efi")
        #expect(inFile.options.hostName == "a")
    }

    @Test("an option that runs over the overloaded field is refused")
    func overloadOverrun() {
        #expect(throws: DHCPError.optionOverrun(code: .hostName, declared: 63, available: 62)) {
            try DHCPMessage(decoding: rawMessage(options: [52, 1, 2, 255], serverName: [12, 63]))
        }
    }
}

@Suite("DHCPOptions")
struct DHCPOptionsTests {
    @Test("setting replaces in place, appends, and removes")
    func subscripts() {
        var options = DHCPOptions()
        options.messageType = .offer
        options.hostName = "n1"
        options.leaseTime = 3600
        options.hostName = "n22"
        #expect(options.map(\.code) == [.messageType, .hostName, .leaseTime])
        #expect(options.hostName == "n22")
        options.hostName = nil
        #expect(options.map(\.code) == [.messageType, .leaseTime])
        #expect(options.hostName == nil)
    }

    @Test("an option of the wrong length reads as absent")
    func malformed() throws {
        let codes: [UInt8] = [1, 3, 6, 28, 50, 51, 53, 54, 57, 58, 59, 93, 94, 97]
        let options = try DHCPMessage(decoding: rawMessage(options: codes.flatMap { [$0, 5, 1, 2, 3, 4, 5] })).options
        #expect(options.subnetMask == nil)
        #expect(options.routers.isEmpty)
        #expect(options.domainNameServers.isEmpty)
        #expect(options.broadcastAddress == nil)
        #expect(options.requestedAddress == nil)
        #expect(options.leaseTime == nil)
        #expect(options.messageType == nil)
        #expect(options.serverIdentifier == nil)
        #expect(options.maximumMessageSize == nil)
        #expect(options.renewalTime == nil)
        #expect(options.rebindingTime == nil)
        #expect(options.clientArchitectures.isEmpty)
        #expect(options.clientNetworkInterface == nil)
        #expect(options.clientMachine == nil)
        #expect(options.map(\.code.rawValue) == codes)
    }

    @Test("each typed view reads back what it wrote")
    func views() throws {
        let address = try #require(IPv4Address("10.0.0.1"))
        var options = DHCPOptions()
        options.messageType = .nak
        options.message = "no"
        options.subnetMask = address
        options.broadcastAddress = address
        options.routers = [address, .any]
        options.domainNameServers = [address]
        options.requestedAddress = address
        options.serverIdentifier = address
        options.leaseTime = 0xffff_ffff
        options.renewalTime = 1
        options.rebindingTime = 2
        options.domainName = "cluster"
        options.maximumMessageSize = 1472
        options.vendorClass = "PXEClient"
        options.clientArchitectures = [.efiX64, .httpX64]
        options.clientNetworkInterface = ClientNetworkInterface(major: 3, minor: 16)
        options.parameterRequestList = [.subnetMask, .bootFileName]
        #expect(options.messageType == .nak)
        #expect(options.message == "no")
        #expect(options.subnetMask == address)
        #expect(options.broadcastAddress == address)
        #expect(options.routers == [address, .any])
        #expect(options.domainNameServers == [address])
        #expect(options.requestedAddress == address)
        #expect(options.serverIdentifier == address)
        #expect(options.leaseTime == 0xffff_ffff)
        #expect(options.renewalTime == 1)
        #expect(options.rebindingTime == 2)
        #expect(options.domainName == "cluster")
        #expect(options.maximumMessageSize == 1472)
        #expect(options.vendorClass == "PXEClient")
        #expect(options.clientArchitectures == [.efiX64, .httpX64])
        #expect(options.clientNetworkInterface == ClientNetworkInterface(type: 1, major: 3, minor: 16))
        #expect(options.parameterRequestList == [.subnetMask, .bootFileName])
        #expect(options.requests(.bootFileName) && !options.requests(.router))
        #expect(DHCPOptions().requests(.router))
    }

    @Test(
        "what a client takes, from option 57",
        arguments: [(nil, 548), (100, 548), (576, 548), (1024, 996), (1472, 1444), (65280, 1444)] as [(UInt16?, Int)])
    func payloadLimit(size: UInt16?, limit: Int) {
        var options = DHCPOptions()
        options.maximumMessageSize = size
        #expect(options.payloadLimit == limit)
    }
}
