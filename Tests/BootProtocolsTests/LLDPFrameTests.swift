import BootProtocols
import PacketCapture
import Testing

@Suite("LLDPFrame")
struct LLDPFrameTests {
    /// What lldpd 1.0.16 sent on a veth pair, before and after it was told its name and its port's.
    private func frames() throws -> [[UInt8]] {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return try CaptureFile.frames(of: root.joined(separator: "/") + "/Fixtures/lldp/lldpd.pcap").map(\.bytes)
    }

    @Test("frames that lldpd sent")
    func captured() throws {
        let read = try frames().map { try LLDPFrame(decodingFrame: $0) }
        #expect(read.count == 5)
        let first = try #require(read.first)
        #expect(first.chassis == "8a:bd:10:52:98:2e" && first.port == "8a:bd:10:52:98:2e")
        #expect(first.systemName == "vm" && first.portDescription == "sw1" && first.timeToLive == 120)
        let last = try #require(read.last)
        #expect(last.systemName == "leaf07" && last.port == "Ethernet1/7")
        #expect(last.portDescription == "sw1")
        #expect(last.systemDescription == "Leaf switch 7, NOS 4.2")
        #expect(last.managementAddress?.description == "10.9.9.1")
    }

    @Test("the VLAN of a port, and addresses for names")
    func handMade() throws {
        let head: [UInt8] = [0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc]
        let chassis: [UInt8] = [0x02, 6, 5, 1, 10, 0, 0, 1]
        let port: [UInt8] = [0x04, 3, 5, 0x47, 0x69]
        let rest: [UInt8] = [0x06, 2, 0, 120, 0xfe, 6, 0x00, 0x80, 0xc2, 1, 0, 7, 0, 0]
        let frame = try LLDPFrame(decodingFrame: head + chassis + port + rest)
        #expect(frame.chassis == "10.0.0.1" && frame.port == "Gi" && frame.portVLAN == 7)
    }

    @Test("control characters become visible, and what is no text becomes hex")
    func hostileText() throws {
        let head: [UInt8] = [0x01, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc]
        let start: [UInt8] = [0x02, 3, 7, 0, 1, 0x04, 2, 7, 0x61, 0x06, 2, 0, 9]
        let frame = try LLDPFrame(decodingFrame: head + start + [0x0a, 3, 0x1b, 0x5b, 0x41, 0, 0])
        #expect(frame.chassis == "0001" && frame.systemName == "\u{fffd}[A")
    }

    @Test("no truncation and no flipped byte traps, and a frame without its first three parts is none")
    func hostile() throws {
        for frame in try frames() {
            for count in 0...frame.count { _ = try? LLDPFrame(decodingFrame: Array(frame.prefix(count))) }
            for index in frame.indices {
                for value in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
                    var bytes = frame
                    bytes[index] = value
                    _ = try? LLDPFrame(decodingFrame: bytes)
                }
            }
            #expect(throws: FrameError.self) { try LLDPFrame(decodingFrame: Array(frame.prefix(20))) }
        }
        #expect(throws: FrameError.self) { try LLDPFrame(decodingFrame: [UInt8](repeating: 0, count: 60)) }
    }
}
