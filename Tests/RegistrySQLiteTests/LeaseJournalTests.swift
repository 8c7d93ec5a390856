import BootProtocols
import Foundation
import Registry
import Synchronization
import Testing

@testable import RegistrySQLite

@Suite struct LeaseJournalTests {
    private func lease(_ number: Int, expires: Int64 = 1) -> Lease {
        Lease(
            mac: MACAddress(value: 0x0253_0000_0000 | UInt64(number)),
            address: IPv4Address(value: 0x0a40_0000 + UInt32(number)), expires: expires)
    }

    /// A journal that is full after two records, over a database that remembers what was folded.
    private final class Folded: Sendable {
        let state = Mutex<(leases: [Lease], epoch: UInt32, isBroken: Bool)>(([], 0, false))

        func open(_ path: String) throws -> LeaseJournal {
            let epoch = state.withLock { $0.epoch }
            return try LeaseJournal(registry: path, folded: epoch, size: 128) { leases, epoch throws(RegistryError) in
                if self.state.withLock({ $0.isBroken }) { throw .failed(operation: "fold", reason: "disk full") }
                self.state.withLock { state in
                    state.leases += leases
                    state.epoch = epoch ?? state.epoch
                }
            }
        }

        func all(_ path: String) throws -> Set<Lease> {
            let (leases, epoch, _) = state.withLock { $0 }
            return Set(try LeaseJournal.Contents(registry: path).leases(over: leases, after: epoch))
        }
    }

    @Test func filesTakeTurnsAndNothingIsLost() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            let journal = try folded.open(path)
            for number in 1...50 {
                try journal.append([lease(number)])
                #expect(try folded.all(path) == Set((1...number).map { lease($0) }))
            }
            let isFolded = folded.state.withLock { $0.leases.count }
            #expect(isFolded >= 44)
        }
    }

    /// A fold takes as long as the database does; ACKs must not.
    @Test func nothingWaitsForAFoldUntilBothFilesAreFull() throws {
        try withTemporaryDirectory { directory in
            let (began, goOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let journal = try LeaseJournal(registry: directory + "/registry.sqlite", folded: 0, size: 128) {
                _, _ throws(RegistryError) in
                began.signal()
                goOn.wait()
            }
            // Three records fill a file: the fourth is in the second one.
            for number in 1...4 { try journal.append([lease(number)]) }
            let folder = Thread { try? journal.foldInactive() }
            folder.start()
            began.wait()
            for number in 5...6 { try journal.append([lease(number)]) }
            goOn.signal()
            try journal.append([lease(7)])
            let held = try LeaseJournal.Contents(registry: directory + "/registry.sqlite").leases(over: [], after: 0)
            #expect(held.contains(lease(7)))
        }
    }

    @Test func aFoldInPartsCountsFromItsEnd() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            let journal = try folded.open(path)
            for number in 1...4 { try journal.append([lease(number)]) }
            for part in 1...3 {
                try journal.foldInactive(atMost: 1)
                #expect(folded.state.withLock { $0.leases } == (1...part).map { lease($0) })
                #expect(folded.state.withLock { $0.epoch } == (part == 3 ? 1 : 0))
                #expect(try folded.all(path) == Set((1...4).map { lease($0) }))
            }
        }
    }

    @Test func aFoldThatFailsInItsMiddleGoesOnFromThere() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            let journal = try folded.open(path)
            for number in 1...4 { try journal.append([lease(number)]) }
            try journal.foldInactive(atMost: 1)
            folded.state.withLock { $0.isBroken = true }
            #expect(throws: RegistryError.self) { try journal.foldInactive() }
            #expect(try folded.all(path) == Set((1...4).map { lease($0) }))
            folded.state.withLock { $0.isBroken = false }
            try journal.foldInactive()
            #expect(folded.state.withLock { $0.leases } == (1...3).map { lease($0) })
            #expect(folded.state.withLock { $0.epoch } == 1)
        }
    }

    @Test func everyStartGoesOnWithWhatIsThere() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            for number in 1...20 {
                let journal = try folded.open(path)
                try journal.append([lease(number)])
                #expect(try folded.all(path) == Set((1...number).map { lease($0) }))
            }
        }
    }

    @Test func aDatabaseThatRefusesEndsInAnErrorAndLosesNothing() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            let journal = try folded.open(path)
            folded.state.withLock { $0.isBroken = true }
            var stored: Set<Lease> = []
            #expect(throws: RegistryError.self) {
                for number in 1...50 {
                    try journal.append([lease(number)])
                    stored.insert(lease(number))
                }
            }
            #expect(!stored.isEmpty && stored.count < 10)
            #expect(try folded.all(path) == stored)
            folded.state.withLock { $0.isBroken = false }
            // What the daemon does each second; an append by itself would pause before it tries again.
            try journal.foldInactive()
            try journal.append([lease(60)])
            #expect(try folded.all(path) == stored.union([lease(60)]))
        }
    }

    @Test func aLargeGroupIsStoredInPieces() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let folded = Folded()
            try folded.open(path).append((1...11).map { lease($0) })
            #expect(try folded.all(path) == Set((1...11).map { lease($0) }))
        }
    }

    @Test func anAddressAndAMachineHaveOneLeaseEach() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let store = try SQLiteStore(path: path)
            let first = lease(1)
            let moved = Lease(mac: first.mac, address: IPv4Address(value: 9), expires: 5)
            let taker = Lease(mac: MACAddress(value: 77), address: first.address, expires: 6)
            try store.hold([first, moved, taker])
            #expect(try Set(store.load().leases) == [moved, taker])
            #expect(try Set(SQLiteStore(path: path).load().leases) == [moved, taker])
        }
    }

    @Test func aDamagedFileIsNamed() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/registry.sqlite"
            let store = try SQLiteStore(path: path)
            try Data(repeating: 0x55, count: 64).write(to: URL(fileURLWithPath: path + "-leases-a"))
            let error = #expect(throws: RegistryError.self) { try store.load() }
            #expect(error?.description.contains("-leases-a") == true)
        }
    }
}
