public import BootMachine
public import BootProtocols
import GRDB
import Glibc
public import Registry

/// The registry in one SQLite file in WAL mode.
///
/// `synchronous = FULL`: in WAL mode that is one fsync of the log per transaction, which is what makes a returned
/// `write` durable (SQLite, "PRAGMA synchronous"); NORMAL would lose acknowledged leases at a power cut.
public final class SQLiteStore: Store {
    private let pool: DatabasePool

    /// Opens or makes the registry at `path`; the file is readable by its owner alone.
    public init(path: String) throws(RegistryError) {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        Self.makePrivate(path)
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            let migrator = Schema.migrator
            guard try pool.read(migrator.hasBeenSuperseded) == false else {
                throw RegistryError.newerVersion(path: path)
            }
            try migrator.migrate(pool)
            self.pool = pool
        } catch let error as RegistryError {
            throw error
        } catch {
            throw .cannotOpen(path: path, reason: Self.reason(error))
        }
    }

    public func write(_ changes: [Change]) throws(RegistryError) {
        guard !changes.isEmpty else { return }
        try run("write") {
            try pool.write { database in
                for change in changes {
                    try database.apply(change)
                }
            }
        }
    }

    public func load() throws(RegistryError) -> Snapshot {
        try run("load") {
            try pool.read { database in
                Snapshot(
                    nodes: try database.nodes(),
                    leases: try Row.fetchAll(database, sql: "SELECT * FROM leases").compactMap(Lease.init(row:)),
                    attempts: try Row.fetchAll(
                        database,
                        sql: "SELECT * FROM attempts WHERE id IN (SELECT max(id) FROM attempts GROUP BY mac)"
                    ).compactMap(Attempt.init(row:)),
                    lastAttempt: try Int64.fetchOne(database, sql: "SELECT max(id) FROM attempts") ?? 0)
            }
        }
    }

    public func foreignChanges() throws(RegistryError) -> Int64 {
        // data_version is that of one connection, and moves when any other connection commits; the writer's
        // own therefore moves on writes of other processes alone.
        try run("look for changes") {
            try pool.writeWithoutTransaction { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
        }
    }

    public func nodes() throws(RegistryError) -> [NodeRecord] {
        try run("read the nodes") { try pool.read { try $0.nodes() } }
    }

    public func attempts(of node: MACAddress, limit: Int) throws(RegistryError) -> [Attempt] {
        try run("read attempts") {
            try pool.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT * FROM attempts WHERE mac = ? ORDER BY id DESC LIMIT ?",
                    arguments: [node.column, limit]
                ).compactMap(Attempt.init(row:))
            }
        }
    }

    public func timeline(of attempt: Int64) throws(RegistryError) -> [RecordedEvent] {
        try run("read the timeline") {
            try pool.read { database in
                try Row.fetchAll(
                    database, sql: "SELECT * FROM events WHERE attempt = ? ORDER BY at, id", arguments: [attempt]
                ).compactMap(RecordedEvent.init(row:))
            }
        }
    }

    public func strayEvents(of node: MACAddress, since: Int64) throws(RegistryError) -> [BootEvent] {
        try run("read events") {
            try pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT * FROM events WHERE mac = ? AND at >= ? AND attempt IS NULL ORDER BY at DESC, id DESC",
                    arguments: [node.column, since]
                ).compactMap { RecordedEvent(row: $0)?.event }
            }
        }
    }

    /// Makes the file before SQLite does, which would leave it readable to all; the log and the shared memory take
    /// its mode. A path that cannot be made is left for SQLite to complain of.
    private static func makePrivate(_ path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
    }

    private func run<Value>(_ operation: String, _ body: () throws -> Value) throws(RegistryError) -> Value {
        do {
            return try body()
        } catch let error as DatabaseError where error.extendedResultCode == .SQLITE_CONSTRAINT_UNIQUE {
            throw .duplicate(Self.reason(error))
        } catch {
            throw .failed(operation: operation, reason: Self.reason(error))
        }
    }

    /// SQLite's own words, without the statement and its arguments, which may hold secrets.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
