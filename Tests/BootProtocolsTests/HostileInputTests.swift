import BootProtocols
import PacketCapture
import Testing

/// The same numbers on every run (SplitMix64).
private struct Numbers {
    var state: UInt64

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(bound))
    }
}

/// Reads all that a message offers, and writes it again: none of it may trap.
private func exercise(_ bytes: [UInt8]) -> Bool {
    guard let message = try? DHCPMessage(decoding: bytes) else { return false }
    let options = message.options
    _ = (options.messageType, options.message, options.hostName, options.domainName, options.payloadLimit)
    _ = (options.subnetMask, options.broadcastAddress, options.routers, options.domainNameServers)
    _ = (options.requestedAddress, options.serverIdentifier, options.leaseTime, options.renewalTime)
    _ = (options.rebindingTime, options.parameterRequestList, options.vendorClass, options.userClasses)
    _ = (options.clientArchitectures.description, options.clientNetworkInterface, options.clientMachine?.description)
    _ = (options.tftpServerName, options.bootFileName, options.relayAgentInformation, options.clientIdentifier)
    var again = message
    if let pxe = options.pxe { again.options.pxe = pxe }
    if let ipxe = options.ipxe { again.options.ipxe = ipxe }
    _ = try? again.encoded()
    return true
}

@Suite("Hostile input")
struct HostileInputTests {
    @Test("no truncation of a captured DHCP packet traps")
    func truncations() throws {
        for payload in try CaptureFixtures.allDHCPPayloads() {
            for count in 0...payload.count {
                let decoded = exercise(Array(payload.prefix(count)))
                #expect(count >= DHCPMessage.fixedSize || !decoded)
            }
        }
    }

    @Test("no flipped bytes of a captured DHCP packet trap")
    func flips() throws {
        var numbers = Numbers(state: 1)
        var decoded = 0
        let payloads = try CaptureFixtures.allDHCPPayloads()
        for payload in payloads {
            for _ in 0..<2500 {
                var bytes = payload
                for _ in 0...numbers.next(below: 8) {
                    // Most of a packet is zeros that no one reads: aim at the options.
                    let start = numbers.next(below: 4) == 0 ? 0 : DHCPMessage.fixedSize
                    bytes[start + numbers.next(below: bytes.count - start)] = UInt8(numbers.next(below: 256))
                }
                if exercise(bytes) { decoded += 1 }
            }
        }
        // Both ways must have been taken, or the flips tested nothing.
        #expect(decoded > payloads.count * 250 && decoded < payloads.count * 2450)
    }

    @Test("random options behind a good header do not trap")
    func randomOptions() {
        var numbers = Numbers(state: 2)
        for _ in 0..<20_000 {
            let options = (0..<numbers.next(below: 300)).map { _ in UInt8(numbers.next(below: 256)) }
            _ = exercise(rawMessage(options: [52, 1, UInt8(numbers.next(below: 4))] + options))
        }
    }

    @Test("no truncation or flip of a captured frame traps")
    func frames() throws {
        var numbers = Numbers(state: 3)
        for name in CaptureFixtures.names {
            for frame in try CaptureFixtures.frames(name).prefix(40) {
                for count in 0...frame.bytes.count {
                    let cut = Array(frame.bytes.prefix(count))
                    _ = (try? UDPFrame(decoding: cut), try? ARPPacket(decodingFrame: cut))
                }
                for _ in 0..<500 {
                    var bytes = frame.bytes
                    for _ in 0...numbers.next(below: 4) {
                        bytes[numbers.next(below: min(bytes.count, 60))] = UInt8(numbers.next(below: 256))
                    }
                    _ = ((try? UDPFrame(decoding: bytes))?.checksumMatches, try? ARPPacket(decodingFrame: bytes))
                }
            }
        }
    }
}
