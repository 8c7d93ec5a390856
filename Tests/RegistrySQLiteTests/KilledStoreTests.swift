import BootProtocols
import Foundation
import Glibc
import Registry
import RegistrySQLite
import Testing

/// kill -9 while leases are stored: what was acknowledged is there afterwards, in one hand each.
@Suite(.serialized) struct KilledStoreTests {
    private static let variable = "PERSEID_KILLED_STORE"

    @Test func noAcknowledgedLeaseIsLost() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/killed-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        setenv(Self.variable, directory, 1)
        var most = 0
        for _ in 1...20 {
            await #expect(processExitsWith: .signal(SIGKILL)) { try Self.storeUntilKilled() }
            let leases = try SQLiteStore(path: directory + "/registry.sqlite").load().leases
            let lines = try String(contentsOfFile: directory + "/acknowledged", encoding: .utf8).split(separator: "\n")
            // The last line of a run may be cut.
            let acknowledged = lines.filter { $0.hasSuffix(" .") && $0.count { $0 == " " } == 2 }.map { $0.dropLast(2) }
            most = acknowledged.count
            let held = Set(leases.map { "\($0.mac) \($0.address)" })
            #expect(acknowledged.allSatisfy { held.contains(String($0)) })
            #expect(Set(leases.map(\.address)).count == leases.count)
        }
        #expect(most > 0)
    }

    /// New machines without end, in groups; a line for each, once its lease is stored. Another thread ends it all.
    private static func storeUntilKilled() throws {
        guard let path = getenv(variable) else { return }
        let directory = String(cString: path)
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        var next = UInt64(try store.load().leases.count)
        let log = open(directory + "/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let delay = UInt32.random(in: 5000...150_000)
        Thread.detachNewThread {
            usleep(delay)
            kill(getpid(), SIGKILL)
        }
        while true {
            let group = (0..<UInt64.random(in: 1...2000)).map { offset in
                Lease(
                    mac: MACAddress(value: 0x0253_0000_0000 | (next + offset)),
                    address: IPv4Address(value: 0x0a40_0000 + UInt32(next + offset)), expires: 1)
            }
            try store.hold(group)
            let lines = group.map { "\($0.mac) \($0.address) .\n" }.joined()
            _ = lines.withCString { write(log, $0, strlen($0)) }
            next += UInt64(group.count)
            if next % 7 == 0 { try store.tidy() }
        }
    }
}
