import BootProtocols
import Registry
import Testing

@testable import RegistrySQLite

@Suite struct JournalFormatTests {
    private func lease(_ number: UInt64) -> Lease {
        Lease(
            mac: MACAddress(value: 0x0253_0000_0000 | number),
            address: IPv4Address(value: 0x0a40_0000 + UInt32(number)),
            expires: 1_700_000_000_000 + Int64(number))
    }

    private func records(_ leases: [Lease], epoch: UInt32, group: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        JournalFormat.append(leases[...], epoch: epoch, group: group, to: &bytes)
        return bytes
    }

    private func file(epoch: UInt32, _ groups: [(UInt32, [UInt64])]) -> [UInt8] {
        JournalFormat.header(epoch: epoch)
            + groups.flatMap { group, numbers in
                records(numbers.map { lease($0) }, epoch: epoch, group: group)
            }
    }

    @Test func whatIsWrittenReadsBack() throws {
        let read = try #require(try JournalFormat.decode(file(epoch: 7, [(1, [1, 2]), (2, [3])])))
        #expect(read.epoch == 7)
        #expect(read.leases == [lease(1), lease(2), lease(3)])
    }

    /// The layout is on people's disks: it must not change by accident.
    @Test func theBytesAreFrozen() {
        let hex = (JournalFormat.header(epoch: 7) + records([lease(1)], epoch: 7, group: 2))
            .map { String($0, radix: 16) }.joined(separator: " ")
        #expect(
            hex == """
                50 53 44 4c 45 41 53 45 0 0 0 1 0 0 0 7 0 0 0 0 0 0 0 0 0 0 0 0 48 58 77 e7 \
                0 0 2 53 0 0 0 1 0 0 1 8b cf e5 68 1 a 40 0 1 0 0 0 7 0 0 0 2 98 ec a7 d5
                """)
    }

    @Test func anUnusedFileIsEmpty() throws {
        #expect(try JournalFormat.decode([]) == nil)
        #expect(try JournalFormat.decode([UInt8](repeating: 0, count: 4096)) == nil)
    }

    @Test func aCutAnywhereLosesOnlyWhatIsBehindIt() throws {
        let whole = file(epoch: 3, [(1, [1, 2, 3])])
        for size in 32...whole.count {
            let read = try #require(try JournalFormat.decode(Array(whole[..<size])))
            #expect(read.leases == (1...3).prefix((size - 32) / 32).map { lease(UInt64($0)) })
        }
    }

    @Test func aFlippedBitEndsTheJournalThere() throws {
        let whole = file(epoch: 3, [(1, [1, 2, 3])])
        for index in 64..<96 {
            for bit in 0..<8 {
                var damaged = whole
                damaged[index] ^= 1 << bit
                #expect(try JournalFormat.decode(damaged)?.leases == [lease(1)])
            }
        }
        for index in 0..<32 {
            var damaged = whole
            damaged[index] ^= 0x10
            #expect(throws: JournalFormat.Damaged.self) { try JournalFormat.decode(damaged) }
        }
    }

    @Test func whatAnEarlierUseLeftBehindDoesNotCount() throws {
        let now = file(epoch: 5, [(9, [1])]) + records([lease(2)], epoch: 4, group: 10)
        #expect(try JournalFormat.decode(now)?.leases == [lease(1)])
        // A write of three records failed; the next one, of a higher group, overwrote the first of them.
        let rewritten = file(epoch: 5, [(1, [1]), (3, [2]), (2, [3, 4])])
        #expect(try JournalFormat.decode(rewritten)?.leases == [lease(1), lease(2)])
    }
}
