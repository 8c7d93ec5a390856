import BootProtocols
import FuzzHarness

@testable import DHCPService

// Relay agents: option 82 of arbitrary bytes, and a server of several subnets that has to find the right one by it.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start { RelayedMessage.seeds }
}

private let network = RelayedNetwork()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        guard var machine = network.machine else { return require(false, "the settings are refused") }
        var now: Int64 = 1_800_000_000_000
        for _ in 0..<8 where !input.isEmpty {
            let message = RelayedMessage(&input)
            checkReading(message.relayInformation)
            now += 700
            FuzzHarness.events += 1
            for action in machine.receive(message.bytes, from: message.source, on: .server, at: now) {
                if case .send(let reply) = action { network.check(reply, to: message) }
            }
        }
    }
}

/// What the codec reads of option 82, held against a reader of its own.
private func checkReading(_ bytes: [UInt8]?) {
    guard let bytes else { return }
    var options = DHCPOptions()
    options.relayAgentInformation = bytes[...]
    guard let read = options.relayAgent else { return require(false, "option 82 is there and not read") }
    require(read.circuitID.map(Array.init) == RelayedMessage.subOption(1, in: bytes), "another circuit")
    require(read.remoteID.map(Array.init) == RelayedMessage.subOption(2, in: bytes), "another remote")
    for (code, address) in [(5, read.linkSelection), (11, read.serverIdentifierOverride)] as [(UInt8, IPv4Address?)] {
        require(address?.octets == RelayedMessage.subOption(code, of: 4, in: bytes), "another address in \(code)")
    }
    require(read.usesSourcePort == (RelayedMessage.subOption(19, in: bytes) != nil), "another port")
}
