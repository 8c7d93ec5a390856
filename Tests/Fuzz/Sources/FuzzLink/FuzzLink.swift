import BootProtocols
import FuzzHarness
import LinkWatch

// The watch of the link on arbitrary frames: conflicts, other servers, the last frames of each machine.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        Captures.distinct(Captures.frames()).map {
            [2, UInt8($0.count >> 8), UInt8(truncatingIfNeeded: $0.count)] + $0
        }
    }
}

private let own = MACAddress(value: 0x5254_0000_0001)
private let server = IPv4Address(value: 0x0a4d_0001)

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        var settings = LinkWatch.Settings(mac: own, addresses: [server])
        settings.captures.machines = 4
        settings.captures.framesPerMachine = 3
        settings.captures.totalBytes = 6000
        var watch = LinkWatch(settings: settings) { address, _ in
            MACAddress(value: 0x5254_0012_3400 | UInt64(address.value & 7))
        }
        var now: Int64 = 1_800_000_000_000
        while !input.isEmpty {
            let choice = input.byte()
            now += Int64(choice >> 3) * 40
            FuzzHarness.events += 1
            perform(choice, &input, on: &watch, at: now)
            checkBounds(watch, settings)
        }
    }
}

private func perform(_ choice: UInt8, _ input: inout FuzzInput, on watch: inout LinkWatch, at now: Int64) {
    switch choice & 3 {
    case 0: _ = watch.probe(IPv4Address(value: server.value + UInt32(input.byte() & 15)), at: now)
    case 1:
        for action in watch.tick(at: now) {
            guard case .send(let frame) = action else { return require(false, "a finding without a frame") }
            require((try? ARPPacket(decodingFrame: frame))?.senderAddress == .any, "a probe that claims an address")
        }
    default:
        let frame = input.bytes(Int(input.uint16() % 1600))
        let isOutgoing = choice & 4 != 0
        for action in watch.receive(frame.span.bytes, length: frame.count, isOutgoing: isOutgoing, at: now * 1_000_000)
        {
            require(!isOutgoing, "a finding in what this server sent: \(action)")
            if case .foreignServer(let found) = action { require(found.address != server, "this server is foreign") }
        }
        _ = LinkWatch.machine(of: frame.span.bytes, own: own)
    }
}

/// What is remembered stays bounded.
private func checkBounds(_ watch: LinkWatch, _ settings: LinkWatch.Settings) {
    require(watch.captures.machineCount <= 4, "\(watch.captures.machineCount) machines")
    require(watch.captures.byteCount <= 6000, "\(watch.captures.byteCount) bytes of captures")
    for machine in watch.captures.machines {
        require(watch.captures.frames(of: machine.mac).count == machine.frames, "frames of \(machine.mac) are lost")
        require(machine.frames <= 3, "\(machine.frames) frames of \(machine.mac)")
    }
    require(watch.foreignServers.all.count <= 64, "\(watch.foreignServers.all.count) foreign servers")
    require(watch.duplicates.all.count <= 256, "\(watch.duplicates.all.count) duplicates")
    require(watch.occupied.count <= 256, "\(watch.occupied.count) addresses in use")
}
