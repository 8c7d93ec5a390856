internal import Glibc
internal import PacketIO

/// Brings changes of a tree into the running root, each in one step: a program sees the old file or the new one, and so
/// does the next start if the power goes.
package struct TreeUpdate {
    /// What came of it.
    package struct Outcome: Sendable {
        package var made: [TreeDifference.Change] = []
        /// Those that failed, at most a few.
        package var failed: [String] = []
        /// No more room: what was to come after it was not begun.
        package var isFull = false
    }

    /// How much is written before it gets its names, in files and bytes.
    private static let batch = (files: 256, bytes: Int64(32 << 20))

    private let source: String
    private let root: String
    private let isDurable: Bool
    private var outcome = Outcome()
    /// Written, under a name that nobody knows.
    private var waiting: [TreeDifference.Change] = []
    private var waitingBytes: Int64 = 0

    /// Makes changes, in their order.
    /// - Parameters:
    ///   - source: where the new tree is mounted.
    ///   - root: the running root; empty for `/`.
    ///   - isDurable: contents are on the disk before they get their names (rename(2) alone promises no such order).
    package static func run(
        _ changes: [TreeDifference.Change], from source: String, to root: String = "", isDurable: Bool = false
    ) -> Outcome {
        var update = TreeUpdate(source: source, root: root, isDurable: isDurable)
        for change in changes where !update.outcome.isFull {
            do throws(SystemError) {
                try update.begin(change)
            } catch {
                update.failed(error)
            }
        }
        update.settle()
        if isDurable { sync() }
        return update.outcome
    }

    private init(source: String, root: String, isDurable: Bool) {
        self.source = source
        self.root = root
        self.isDurable = isDurable
    }

    private mutating func failed(_ error: SystemError) {
        if [ENOSPC, EDQUOT].contains(error.code) { outcome.isFull = true }
        if outcome.failed.count < 5 { outcome.failed.append("\(error)") }
    }

    private mutating func begin(_ change: TreeDifference.Change) throws(SystemError) {
        let target = root + change.path
        guard change.kind != .removed else {
            settle()
            try Self.remove(target)
            outcome.made.append(change)
            return
        }
        let entry = try TreeDifference.Entry(source + change.path)
        if entry.isDirectory {
            try Self.makeDirectory(target, as: entry)
            outcome.made.append(change)
            return
        }
        let fresh = target + SmallFile.freshEnding
        _ = unlink(fresh)
        do throws(SystemError) {
            _ = try TreeEntry(source: FilePath(entry.path), target: FilePath(fresh), status: entry.status)
                .copy(replacing: false)
        } catch {
            _ = unlink(fresh)
            throw error
        }
        waiting.append(change)
        waitingBytes += Int64(entry.status.st_size)
        if waiting.count >= Self.batch.files || waitingBytes >= Self.batch.bytes { settle() }
    }

    /// Gives what is written its names.
    private mutating func settle() {
        if isDurable, !waiting.isEmpty { sync() }
        for change in waiting {
            let target = root + change.path
            // A directory that became a file makes room first; with something of the node's in it, it stays.
            _ = rmdir(target)
            if rename(target + SmallFile.freshEnding, target) == 0 {
                outcome.made.append(change)
            } else {
                let error = SystemError(call: "rename", code: errno, context: target)
                _ = unlink(target + SmallFile.freshEnding)
                failed(error)
            }
        }
        waiting = []
        waitingBytes = 0
    }

    /// A directory that the node put something of its own into stays.
    private static func remove(_ target: String) throws(SystemError) {
        if unlink(target) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw SystemError(call: "unlink", code: errno, context: target) }
        if rmdir(target) == 0 || errno == ENOTEMPTY || errno == ENOENT { return }
        throw SystemError(call: "rmdir", code: errno, context: target)
    }

    private static func makeDirectory(_ target: String, as entry: TreeDifference.Entry) throws(SystemError) {
        // A link to a directory is none: what is put into it would land elsewhere.
        if let there = TreeDifference.Entry(there: target), !there.isDirectory {
            try systemCall("unlink", target) { unlink(target) }
        }
        if mkdir(target, 0o700) != 0, errno != EEXIST {
            throw SystemError(call: "mkdir", code: errno, context: target)
        }
        try systemCall("lchown", target) { lchown(target, entry.status.st_uid, entry.status.st_gid) }
        try systemCall("chmod", target) { chmod(target, entry.status.st_mode & 0o7777) }
        _ = try ExtendedAttributes(of: FilePath(entry.path)).write(to: FilePath(target))
    }
}
