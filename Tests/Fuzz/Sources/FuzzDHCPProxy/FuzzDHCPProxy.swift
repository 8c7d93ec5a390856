import BootProtocols
import FuzzHarness

// The proxy on arbitrary datagrams, on its two ports, with settings that change. See `ProxyPlay` for what must hold.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let captured = Captures.payloads { [67, 4011].contains($0.destinationPort) }
        // As they are (bit 7), to either port (bit 6).
        let raw = captured.flatMap { payload -> [[UInt8]] in
            let size = [UInt8(payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
            return ([0x80, 0xc0] as [UInt8]).map { [0, $0, 1] + size + payload }
        }
        return raw + Step.seeds
    }
}

nonisolated(unsafe) private var marathon = ProxyMarathon()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        var play = ProxyPlay(settings: input.byte())
        let first = Step(&input)
        play.perform(first)
        while !input.isEmpty { play.perform(Step(&input)) }
        if !FuzzHarness.looksForLeaks { marathon.perform(first) }
    }
}
