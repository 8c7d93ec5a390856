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
        migrator.registerMigration("3 settings, groups, history") { database in
            try database.execute(sql: settingsGroupsHistory)
        }
        migrator.registerMigration("4 installs on disks") { database in
            try database.execute(sql: installs)
        }
        migrator.registerMigration("5 inventories") { database in
            try database.execute(
                sql: """
                    CREATE TABLE inventories (
                        mac INTEGER PRIMARY KEY,
                        at INTEGER NOT NULL,
                        inventory TEXT NOT NULL
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("6 power") { database in
            try database.execute(
                sql: """
                    ALTER TABLE nodes ADD COLUMN power TEXT;
                    ALTER TABLE nodes ADD COLUMN powerUser TEXT;
                    ALTER TABLE nodes ADD COLUMN bmc TEXT;
                    ALTER TABLE groups ADD COLUMN power TEXT;
                    ALTER TABLE groups ADD COLUMN powerUser TEXT;
                    """)
        }
        migrator.registerMigration("7 rates of nodes") { database in
            try database.execute(
                sql: """
                    ALTER TABLE nodes ADD COLUMN nodeRate TEXT;
                    ALTER TABLE groups ADD COLUMN nodeRate TEXT;
                    """)
        }
        migrator.registerMigration("8 wishes of installs") { database in
            try database.execute(
                sql: """
                    ALTER TABLE installs ADD COLUMN afterwards TEXT;
                    ALTER TABLE installs ADD COLUMN breakpoints TEXT;
                    """)
        }
        return migrator
    }

    private static let installs = """
        CREATE TABLE installs (
            mac INTEGER PRIMARY KEY,
            desired INTEGER NOT NULL,
            achieved INTEGER NOT NULL,
            capsule TEXT,
            requested INTEGER NOT NULL,
            installed INTEGER,
            credential BLOB,
            nextCredential BLOB
        ) STRICT;
        """

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

    /// Lists are words between commas, flags and addresses numbers. A node's further interfaces stand in its row as
    /// they are shown, and in a table of their own, which sees to it that no address is given twice.
    private static let settingsGroupsHistory = """
        ALTER TABLE nodes ADD COLUMN interfaces TEXT;
        ALTER TABLE nodes ADD COLUMN uuid TEXT;
        ALTER TABLE nodes ADD COLUMN serial TEXT;
        ALTER TABLE nodes ADD COLUMN groups TEXT;
        ALTER TABLE nodes ADD COLUMN provider TEXT;
        ALTER TABLE nodes ADD COLUMN kernelArguments TEXT;
        ALTER TABLE nodes ADD COLUMN console TEXT;
        ALTER TABLE nodes ADD COLUMN nextBoot TEXT;
        ALTER TABLE nodes ADD COLUMN desiredGeneration TEXT;
        ALTER TABLE nodes ADD COLUMN achievedGeneration TEXT;
        ALTER TABLE nodes ADD COLUMN tags TEXT;
        ALTER TABLE nodes ADD COLUMN comment TEXT;
        ALTER TABLE nodes ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE attempts ADD COLUMN boot TEXT;
        CREATE TABLE interfaces (
            mac INTEGER PRIMARY KEY,
            node INTEGER NOT NULL,
            address INTEGER UNIQUE
        ) STRICT;
        CREATE INDEX interfacesByNode ON interfaces (node);
        CREATE TABLE groups (
            name TEXT PRIMARY KEY,
            parents TEXT,
            capsule TEXT,
            provider TEXT,
            handoff TEXT,
            kernelArguments TEXT,
            console TEXT,
            comment TEXT,
            version INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE changes (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            author TEXT NOT NULL,
            what TEXT NOT NULL
        ) STRICT;
        CREATE TABLE changedNodes (
            mac INTEGER NOT NULL,
            change INTEGER NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            fields TEXT NOT NULL,
            PRIMARY KEY (mac, change)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX changedNodesByChange ON changedNodes (change);
        CREATE TABLE changedGroups (
            name TEXT NOT NULL,
            change INTEGER NOT NULL,
            kind TEXT NOT NULL,
            fields TEXT NOT NULL,
            PRIMARY KEY (name, change)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX changedGroupsByChange ON changedGroups (change);
        """
}
