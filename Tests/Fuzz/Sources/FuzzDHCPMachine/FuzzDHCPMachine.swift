import BootProtocols
import FuzzHarness

// The DHCP server on arbitrary datagrams under a clock that jumps, also back. See `Play` for what must hold.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let captured = Captures.payloads { [67, 4011].contains($0.destinationPort) }
        let raw = captured.map { [0, 0x80, 1, UInt8($0.count >> 8), UInt8(truncatingIfNeeded: $0.count)] + $0 }
        return raw + Step.seeds
    }
}

nonisolated(unsafe) private var marathon = Marathon()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        var play = Play(settings: input.byte())
        let first = Step(&input)
        play.perform(first)
        while !input.isEmpty { play.perform(Step(&input)) }
        if !FuzzHarness.looksForLeaks { marathon.perform(first) }
    }
}
