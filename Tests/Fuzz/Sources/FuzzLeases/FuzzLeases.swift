import BootProtocols
import FuzzHarness
import Registry

@testable import RegistrySQLite

// What a start reads of leases: journal files of arbitrary bytes, laid over what the database has, and a pool that takes
// up from there.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start { JournalSample.seeds }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let folded = UInt32(input.byte() & 7)
        let stored = JournalSample.stored(&input)
        let size = Int(input.uint16() % 1024)
        var files = [input.bytes(size), input.bytes(.max)]
        // A fuzzer does not guess checksums; nor would leases meet by chance.
        if choice & 1 == 0 { files = files.map { JournalSample.mended($0, near: choice & 2 == 0) } }
        let parts = files.compactMap { file in read(file) }
        checkOverlay(parts, over: stored, after: folded)
        let leases = LeaseJournal.Contents(parts: parts).leases(over: stored, after: folded)
        checkPool(leases, at: Int64(choice >> 2) * 1000)
    }
}

/// Reads one file, and holds against it what a crash may do: it is cut off anywhere, or a bit of a record is another.
private func read(_ file: [UInt8]) -> (epoch: UInt32, leases: [Lease])? {
    guard let part = try? JournalFormat.decode(file) else { return nil }
    let count = part.leases.count
    require(count <= max(0, file.count / 32 - 1), "\(count) leases in \(file.count) bytes")
    let half = 32 * (1 + count / 2) + (count & 31)
    let cut = try? JournalFormat.decode(Array(file.prefix(half)))
    require(
        cut?.leases == Array(part.leases.prefix((min(half, file.count) - 32) / 32)), "a file cut off reads otherwise")
    if count > 0 {
        var flipped = file
        flipped[32 * count + count % 32] ^= 1 << UInt8(count & 7)
        let rest = (try? JournalFormat.decode(flipped))?.leases
        require(rest == Array(part.leases.dropLast()), "a record with another bit is read")
    }
    return part
}

/// No machine has two leases and no address two machines, and what came last counts.
private func checkOverlay(_ parts: [(epoch: UInt32, leases: [Lease])], over stored: [Lease], after folded: UInt32) {
    let leases = LeaseJournal.Contents(parts: parts).leases(over: stored, after: folded)
    require(Set(leases.map(\.mac)).count == leases.count, "a machine with two leases")
    require(Set(leases.map(\.address)).count == leases.count, "an address with two leases")
    let newer = parts.sorted { $0.epoch < $1.epoch }.filter { $0.epoch > folded }.flatMap(\.leases)
    if let last = newer.last { require(leases.contains(last), "the newest lease \(last) is lost") }
    for (index, lease) in newer.enumerated() {
        let later = newer[(index + 1)...]
        guard !later.contains(where: { $0.mac == lease.mac || $0.address == lease.address }) else { continue }
        require(leases.contains(lease), "the lease \(lease) is lost")
    }
}
