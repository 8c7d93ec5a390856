import BootProtocols
import PacketCapture
import Testing

@testable import LinkWatch

struct CaptureRingTests {
    private func mac(_ number: Int) -> MACAddress { MACAddress(value: 0x0200_0000_0000 + UInt64(number)) }

    private func limits(machines: Int = 4, frames: Int = 3, bytes: Int = 1000, total: Int = 10_000)
        -> CaptureRing.Limits
    {
        var limits = CaptureRing.Limits()
        limits.machines = machines
        limits.framesPerMachine = frames
        limits.bytesPerMachine = bytes
        limits.totalBytes = total
        return limits
    }

    private func add(_ ring: inout CaptureRing, _ number: Int, size: Int = 60, at time: Int64 = 0) {
        let frame = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
        ring.add(frame.span.bytes, length: size, at: time, of: mac(number))
    }

    @Test("the last frames of a machine stay, in order and whole")
    func lastFrames() {
        var ring = CaptureRing(limits: limits())
        for time in 1...200 { add(&ring, 1, size: 60 + time, at: Int64(time)) }
        let frames = ring.frames(of: mac(1))
        #expect(frames.map(\.timestamp) == [198, 199, 200])
        #expect(frames.map(\.bytes.count) == [258, 259, 260])
        #expect(frames.allSatisfy { $0.bytes.allSatisfy { $0 == 1 } })
    }

    @Test("bytes are bounded for each machine and in all")
    func bytes() {
        var ring = CaptureRing(limits: limits(machines: 100, frames: 100, bytes: 1000, total: 2500))
        for _ in 0..<20 { add(&ring, 1, size: 200) }
        #expect(ring.frames(of: mac(1)).count == 4)
        for number in 2...40 {
            add(&ring, number, size: 500)
            #expect(ring.byteCount <= 2500)
        }
        #expect(ring.frames(of: mac(1)).isEmpty)
        #expect(ring.machines.map(\.mac) == [mac(40), mac(39), mac(38), mac(37)])
        add(&ring, 40, size: 2000)
        #expect(ring.frames(of: mac(40)).count == 1)
    }

    @Test("the machine that has been silent longest goes first")
    func machines() {
        var ring = CaptureRing(limits: limits())
        for number in 1...4 { add(&ring, number) }
        add(&ring, 1)
        add(&ring, 5)
        #expect(ring.machines.map(\.mac) == [mac(5), mac(1), mac(4), mac(3)])
        #expect(ring.machines.map(\.frames) == [1, 2, 1, 1])
        #expect(ring.frames(of: mac(2)).isEmpty && !ring.has(mac(2)))
    }

    @Test("order and sums hold through any play, against a plain model")
    func model() {
        var random = SystemRandomNumberGenerator()
        var ring = CaptureRing(limits: limits(machines: 8, frames: 4, bytes: 700, total: 2000))
        var model: [(mac: MACAddress, sizes: [Int])] = []
        for _ in 0..<20_000 {
            let (number, size) = (Int.random(in: 0..<12, using: &random), Int.random(in: 1...300, using: &random))
            add(&ring, number, size: size)
            let index = model.firstIndex { $0.mac == mac(number) }
            var entry: (mac: MACAddress, sizes: [Int]) = (mac(number), [])
            if let index { entry = model.remove(at: index) }
            if index == nil, model.count == 8 { model.removeLast() }
            entry.sizes.append(size)
            while entry.sizes.count > 4 || entry.sizes.reduce(0, { $0 + $1 + 16 }) > 700 { entry.sizes.removeFirst() }
            model.insert(entry, at: 0)
            while model.reduce(0, { $0 + $1.sizes.reduce(0) { $0 + $1 + 16 } }) > 2000 { model.removeLast() }
            #expect(ring.byteCount == model.reduce(0) { $0 + $1.sizes.reduce(0) { $0 + $1 + 16 } })
        }
        #expect(ring.machines.map(\.mac) == model.map(\.mac))
        for entry in model { #expect(ring.frames(of: entry.mac).map(\.bytes.count) == entry.sizes) }
    }
}
