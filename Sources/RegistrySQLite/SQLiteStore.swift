public import BootMachine
public import BootProtocols
import GRDB
import Glibc
public import Registry
import Synchronization

/// The registry in one SQLite file in WAL mode.
///
/// `synchronous = FULL`: in WAL mode that is one fsync of the log per transaction, which is what makes a returned
/// `write` durable (SQLite, "PRAGMA synchronous"); NORMAL would lose acknowledged leases at a power cut.
public final class SQLiteStore: Store {
    private let pool: DatabasePool
    private let path: String
    /// Opened by the first `hold`: programs that only look must not.
    private let journal = Mutex<LeaseJournal?>(nil)

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
            self.path = path
        } catch let error as RegistryError {
            throw error
        } catch let error as DatabaseError
            where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode)
        {
            throw .damaged(path: path, reason: Self.reason(error))
        } catch {
            throw .cannotOpen(path: path, reason: Self.reason(error))
        }
    }

    @discardableResult
    public func write(_ changes: [Change]) throws(RegistryError) -> [MACAddress: Int64] {
        guard !changes.isEmpty else { return [:] }
        return try run("write") {
            try pool.write { database in
                var given: Int64?
                var versions: [MACAddress: Int64] = [:]
                // Most groups of changes are events and attempts, which are no part of the history.
                let number = {
                    if let given { return given }
                    let number = try database.begin(
                        ChangeNote(author: ChangeNote.server, what: "boot", at: Self.wallMilliseconds()))
                    given = number
                    return number
                }
                for change in changes {
                    if let node = try database.apply(change, number: number) { versions[node] = given }
                }
                return versions
            }
        }
    }

    public func edit(_ edits: [RegistryEdit], note: ChangeNote) throws(RegistryError) -> Int64 {
        try run("write") {
            try pool.write { database in
                let number = try database.begin(note)
                for edit in edits { try database.edit(edit, as: number) }
                try database.requireGroups(after: edits)
                return number
            }
        }
    }

    public func groups() throws(RegistryError) -> [NodeGroup] {
        try run("read the groups") { try pool.read { try $0.groups() } }
    }

    public func history(of subject: HistorySubject?, limit: Int) throws(RegistryError) -> [RecordedChange] {
        try run("read the history") { try pool.read { try $0.history(of: subject, limit: limit) } }
    }

    public func change(_ number: Int64) throws(RegistryError) -> RecordedChange? {
        try run("read the history") { try pool.read { try $0.change(number) } }
    }

    private static func wallMilliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    public func hold(_ leases: [Lease]) throws(RegistryError) {
        guard !leases.isEmpty else { return }
        try openJournal().append(leases)
    }

    public func tidy() throws(RegistryError) { try journal.withLock { $0 }?.foldInPassing() }

    private func openJournal() throws(RegistryError) -> LeaseJournal {
        let result: Result<LeaseJournal, RegistryError> = journal.withLock { journal in
            if let journal { return .success(journal) }
            do throws(RegistryError) {
                let folded = try run("read the epoch") { try pool.read { try $0.foldedEpoch() } }
                let opened = try LeaseJournal(registry: path, folded: folded) {
                    [pool, path] (leases, epoch) throws(RegistryError) in
                    try Self.run("fold leases", of: path) { try pool.write { try $0.fold(leases, epoch: epoch) } }
                }
                journal = opened
                return .success(opened)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    public func load() throws(RegistryError) -> Snapshot {
        // Before the tables: what is folded meanwhile is then in both, and not in neither.
        let journal = try LeaseJournal.Contents(registry: path)
        return try run("load") {
            try pool.read { database in
                let leases = try Row.fetchAll(database, sql: "SELECT * FROM leases").compactMap(Lease.init(row:))
                return Snapshot(
                    nodes: try database.nodes(), groups: try database.groups(),
                    leases: journal.leases(over: leases, after: try database.foldedEpoch()),
                    attempts: try Row.fetchAll(
                        database,
                        sql: "SELECT * FROM attempts WHERE id IN (SELECT max(id) FROM attempts GROUP BY mac)"
                    ).compactMap(Attempt.init(row:)),
                    lastAttempt: try Int64.fetchOne(database, sql: "SELECT max(id) FROM attempts") ?? 0)
            }
        }
    }

    public func forget(eventsBefore time: Int64, limit: Int) throws(RegistryError) -> Int {
        try run("forget old events") {
            try pool.write { database in
                // Events come nearly in the order of their numbers: from the oldest on, up to the first that stays.
                let sql = """
                    DELETE FROM events WHERE id IN (SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT ?)
                        WHERE at < ?)
                    """
                try database.execute(sql: sql, arguments: [limit, time])
                return database.changesCount
            }
        }
    }

    public func leases() throws(RegistryError) -> [Lease] {
        let journal = try LeaseJournal.Contents(registry: path)
        return try run("read the leases") {
            try pool.read { database in
                let leases = try Row.fetchAll(database, sql: "SELECT * FROM leases").compactMap(Lease.init(row:))
                return journal.leases(over: leases, after: try database.foldedEpoch())
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

    public func inventories(of nodes: [MACAddress]?) throws(RegistryError) -> [MACAddress: StoredInventory] {
        try run("read the inventories") { try pool.read { try $0.inventories(of: nodes) } }
    }

    public func inventoryTexts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: InventoryText] {
        try run("read the inventories") { try pool.read { try $0.inventoryTexts(of: nodes) } }
    }

    public func firstAttempts(of nodes: [MACAddress]) throws(RegistryError) -> [MACAddress: FirstAttempt] {
        try run("read attempts") { try pool.read { try $0.firstAttempts(of: nodes) } }
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
        try Self.run(operation, of: path, body)
    }

    private static func run<Value>(
        _ operation: String, of path: String, _ body: () throws -> Value
    ) throws(RegistryError) -> Value {
        do {
            return try body()
        } catch let error as RegistryError {
            throw error
        } catch let error as DatabaseError where [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode) {
            throw .damaged(path: path, reason: reason(error))
        } catch let error as DatabaseError
            where [.SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY].contains(error.extendedResultCode)
        {
            throw .duplicate(taken(error))
        } catch {
            throw .failed(operation: operation, reason: reason(error))
        }
    }

    /// What is there twice, from `UNIQUE constraint failed: nodes.name`.
    private static func taken(_ error: DatabaseError) -> String {
        switch error.message?.split(separator: " ").last {
        case "nodes.name": "the name of a node"
        case "nodes.mac", "interfaces.mac": "the MAC address of a node"
        case "nodes.address", "interfaces.address": "the address of a node"
        case "groups.name": "the name of a group"
        default: reason(error)
        }
    }

    /// SQLite's own words, without the statement and its arguments, which may hold secrets.
    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "\(error)" }
        return error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
