import GRDB

/// The tables, as an append-only list of named migrations: a step that was released is never edited.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first light") { database in
            try database.execute(sql: firstLight)
        }
        migrator.registerMigration("2 addresses of nodes") { database in
            try database.execute(
                sql: """
                    ALTER TABLE nodes ADD COLUMN address INTEGER;
                    CREATE UNIQUE INDEX nodesByAddress ON nodes (address);
                    """)
        }
        return migrator
    }

    /// MACs and addresses are numbers, times milliseconds since 1970, tokens SHA-256 digests.
    private static let firstLight = """
        CREATE TABLE nodes (
            mac INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            capsule TEXT,
            enabled INTEGER NOT NULL,
            approved INTEGER NOT NULL,
            handoff TEXT,
            state TEXT NOT NULL
        ) STRICT;
        CREATE TABLE leases (
            mac INTEGER PRIMARY KEY,
            address INTEGER NOT NULL UNIQUE,
            expires INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            mac INTEGER NOT NULL,
            began INTEGER NOT NULL,
            zero INTEGER NOT NULL,
            state TEXT NOT NULL,
            failure TEXT,
            capsule TEXT,
            bootToken BLOB,
            agentToken BLOB,
            lastSeen INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX attemptsByNode ON attempts (mac, id);
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            attempt INTEGER,
            mac INTEGER NOT NULL,
            at INTEGER NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            transport TEXT,
            bytes INTEGER,
            milliseconds INTEGER,
            percent INTEGER,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX eventsByAttempt ON events (attempt, at);
        CREATE INDEX eventsByNode ON events (mac, at);
        """
}
