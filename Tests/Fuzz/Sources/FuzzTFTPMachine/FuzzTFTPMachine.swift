import BootProtocols
import FuzzHarness

// A TFTP server under a sequence of packets, answers and times that the input chooses. See `Play`.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let raw = Captures.payloads { $0.destinationPort == 69 }.map {
            [0, 7, 0, UInt8(truncatingIfNeeded: $0.count >> 8), UInt8(truncatingIfNeeded: $0.count)] + $0
        }
        return raw + Play.seeds
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        var play = Play(settings: input.byte())
        // Every step costs at least a byte.
        while !input.isEmpty { play.step(&input) }
    }
}
