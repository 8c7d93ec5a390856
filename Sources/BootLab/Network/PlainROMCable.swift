internal import BootProtocols
internal import CLinux
internal import PacketIO

/// The cable between a machine and its tap, with a `PlainROM` in it. QEMU sends and takes each frame as a datagram on
/// loopback; a thread of the lab carries them over.
final class PlainROMCable: Sendable {
    /// Both ends are in the lab's own network namespace, so that the ports are free.
    static let labPort: UInt16 = 7701
    static let machinePort: UInt16 = 7702

    private static let loopback = IPv4Address(value: 0x7f00_0001)
    private static let longestFrame = 2048

    private let tap: FileDescriptor
    private let machine: UDPSocket
    private let waker: Waker

    /// Opens the tap, which must be there, and the port for QEMU.
    init(tap name: String) throws(LabError) {
        do throws(SystemError) {
            tap = FileDescriptor(owning: try systemCall("tap", "interface \(name)") { perseid_tap_open(name) })
            machine = try UDPSocket(.init(address: Self.loopback, port: Self.labPort, bufferSize: 1 << 20))
            waker = try Waker()
        } catch {
            throw .system("cannot plug a machine in: \(error)")
        }
    }

    /// Carries frames on a thread of its own until that is stopped.
    func start() throws(LabError) -> LoopThread {
        do throws(SystemError) {
            return try LoopThread(name: "cable", waker: waker) {
                // A cable that breaks shows as a machine that hears nothing: the boot's time-out tells.
                try? self.run()
            }
        } catch {
            throw .system("\(error)")
        }
    }

    private func run() throws(SystemError) {
        let poller = try Poller(waker: waker)
        try poller.add(tap, token: 0)
        try poller.add(machine.descriptor, token: 1)
        var rom = PlainROM()
        var batch = ReceiveBatch(capacity: 64, datagramSize: Self.longestFrame)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.longestFrame, alignment: 16)
        defer { room.deallocate() }
        while !waker.isStopRequested {
            try poller.wait(milliseconds: nil) { token, _ in
                if token == 0 { carryToMachine(room) } else { carryFromMachine(&batch, &rom) }
            }
        }
    }

    /// Ethernet promises nothing: a frame that does not fit is lost.
    private func carryToMachine(_ room: UnsafeMutableRawBufferPointer) {
        let end = IPv4Endpoint(Self.loopback, port: Self.machinePort)
        while let count = try? tap.read(into: room), count > 0 {
            let frame = UnsafeRawBufferPointer(rebasing: room[..<count])
            _ = try? machine.send(frame.bytes, to: end)
        }
    }

    private func carryFromMachine(_ batch: inout ReceiveBatch, _ rom: inout PlainROM) {
        guard let count = try? machine.receive(into: &batch), count > 0 else { return }
        batch.forEachDatagram { _, bytes in
            let frame = rom.pass(bytes.withUnsafeBytes(Array.init))
            try? tap.writeAll(frame.span.bytes)
        }
    }
}
