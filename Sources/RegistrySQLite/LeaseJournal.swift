import BootProtocols
import Registry
import Synchronization

/// Leases on their way into the database: appended to a file, many with one fdatasync, before their ACKs leave.
///
/// A transaction for each group would cost far more: leases of random MACs touch a page each, in two trees, twice
/// (log and checkpoint), and would wait behind the events of a storm, for which SQLite has the same one writer. Here a
/// lease is 32 bytes. Two files take turns; the one that is not written to is folded into the database, and the
/// number of its epoch with it, in one transaction. What is not folded is read back at the next start.
final class LeaseJournal: Sendable {
    /// Bytes of each file.
    static let standardSize = 8 << 20

    /// Puts leases into the database, and with the last part of a file the epoch that they end, all or nothing.
    typealias Fold = @Sendable (ArraySlice<Lease>, UInt32?) throws(RegistryError) -> Void

    private struct State: ~Copyable {
        var first: JournalFile
        var second: JournalFile
        /// 0 or 1: the file that is written to.
        var active = 0
        var epochs: [UInt32]
        /// Bytes of the active file in use, its header among them; 0: not begun.
        var end = 0
        var group: UInt32 = 0
        /// The newest epoch in the database.
        var folded: UInt32
        /// Why the last fold that an append waited for failed, and when.
        var refusal: (error: RegistryError, at: ContinuousClock.Instant)?
    }

    /// A file on its way into the database.
    private struct Backlog {
        let epoch: UInt32
        var leases: ArraySlice<Lease>
    }

    private let state: Mutex<State>
    /// Held while a file is folded, which takes a while: no append waits for that, unless both files are full. What is
    /// left of the file, once its fold began.
    private let folding = Mutex<Backlog?>(nil)
    private let paths: [String]
    private let size: Int
    private let fold: Fold

    static func paths(for registry: String) -> [String] { [registry + "-leases-a", registry + "-leases-b"] }

    /// Opens both files and begins a new epoch, so that nothing is appended to what a crash left.
    /// - Parameter folded: the newest epoch that the database has.
    init(
        registry: String, folded: UInt32, size: Int = LeaseJournal.standardSize, fold: @escaping Fold
    ) throws(RegistryError) {
        paths = Self.paths(for: registry)
        self.size = size
        self.fold = fold
        var epochs: [UInt32] = []
        for path in paths { epochs.append(try Self.read(path, size: size)?.epoch ?? 0) }
        // The older file takes the new epoch; if that is not folded yet, the first append does it.
        let active = epochs[0] <= epochs[1] ? 0 : 1
        let first = try JournalFile(path: paths[0], size: size)
        let second = try JournalFile(path: paths[1], size: size)
        state = Mutex(
            State(first: first, second: second, active: 1 - active, epochs: epochs, end: size, folded: folded))
    }

    /// What the files hold, as any process may read it.
    struct Contents {
        /// The older epoch first.
        private let parts: [(epoch: UInt32, leases: [Lease])]

        init(registry: String) throws(RegistryError) {
            var parts: [(epoch: UInt32, leases: [Lease])] = []
            for path in LeaseJournal.paths(for: registry) {
                if let part = try read(path, size: standardSize) { parts.append(part) }
            }
            self.init(parts: parts)
        }

        /// - Parameter parts: what was read of each file.
        init(parts: [(epoch: UInt32, leases: [Lease])]) {
            self.parts = parts.sorted { $0.epoch < $1.epoch }
        }

        /// The leases of the database with those laid over them that came after epoch `folded`.
        func leases(over stored: [Lease], after folded: UInt32) -> [Lease] {
            let newer = parts.filter { $0.epoch > folded }.flatMap(\.leases)
            guard !newer.isEmpty else { return stored }
            var byMAC: [MACAddress: Lease] = [:]
            var holders: [IPv4Address: MACAddress] = [:]
            byMAC.reserveCapacity(stored.count + newer.count)
            for lease in stored + newer {
                if let previous = byMAC[lease.mac] { holders[previous.address] = nil }
                if let holder = holders.updateValue(lease.mac, forKey: lease.address), holder != lease.mac {
                    byMAC[holder] = nil
                }
                byMAC[lease.mac] = lease
            }
            return Array(byMAC.values)
        }
    }

    /// On stable storage when it returns. If it throws, none counts as stored.
    func append(_ leases: [Lease]) throws(RegistryError) {
        var rest = leases[...]
        // Half a file at once leaves room for the header.
        let most = size / 2 / JournalFormat.recordSize
        while !rest.isEmpty {
            let part = rest.prefix(most)
            while try !write(part) { try makeRoom() }
            rest = rest.dropFirst(most)
        }
    }

    /// How long after a fold that failed the next append may try again: on a full disk each try reads a whole file and
    /// fails after a good part of the work.
    private static let pause = Duration.milliseconds(500)

    /// Folds for an append that has no file to go to.
    private func makeRoom() throws(RegistryError) {
        if let refusal = state.withLock({ $0.refusal }), ContinuousClock.now - refusal.at < Self.pause {
            throw refusal.error
        }
        do throws(RegistryError) {
            try foldInactive()
            state.withLock { $0.refusal = nil }
        } catch {
            state.withLock { $0.refusal = (error, ContinuousClock.now) }
            throw error
        }
    }

    /// Leases that go into the database with one transaction: others write there too.
    private static let part = 4096

    /// Folds a part of what is due, to be called once a second: little, so that a storm has the processors for itself,
    /// but all where the file that is written to is half full, for then its turn to be folded comes near.
    func foldInPassing() throws(RegistryError) {
        let isPressed = state.withLock { $0.end > size / 2 }
        try foldInactive(atMost: isPressed ? .max : Self.part)
    }

    /// Brings the file that is not written to into the database, as far as it is not there yet. Where it ends before the
    /// file does, or a crash ends it, what is there already is folded again or gone on from: it counts from the epoch on.
    /// - Parameter limit: leases to bring in now.
    func foldInactive(atMost limit: Int = .max) throws(RegistryError) {
        let result: Result<Void, RegistryError> = folding.withLock { backlog in
            let (path, epoch, folded) = state.withLock { state in
                (paths[1 - state.active], state.epochs[1 - state.active], state.folded)
            }
            guard epoch > folded else { return .success(()) }
            do throws(RegistryError) {
                var rest = if let backlog, backlog.epoch == epoch { backlog } else { try load(path, epoch) }
                var left = limit
                repeat {
                    let part = rest.leases.prefix(min(left, Self.part))
                    rest.leases = rest.leases.dropFirst(part.count)
                    try fold(part, rest.leases.isEmpty ? epoch : nil)
                    left -= part.count
                    backlog = rest
                } while left > 0 && !rest.leases.isEmpty
                guard rest.leases.isEmpty else { return .success(()) }
                backlog = nil
                state.withLock { $0.folded = epoch }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private func load(_ path: String, _ epoch: UInt32) throws(RegistryError) -> Backlog {
        let leases = try Self.read(path, size: size)?.leases ?? []
        // Of a machine that renewed the last lease is enough; the order among machines stays.
        var last: [MACAddress: Int] = [:]
        for (index, lease) in leases.enumerated() { last[lease.mac] = index }
        let kept = leases.enumerated().filter { last[$0.element.mac] == $0.offset }.map(\.element)
        return Backlog(epoch: epoch, leases: kept[...])
    }

    /// False if the files must change places and the other one is not folded yet.
    private func write(_ leases: ArraySlice<Lease>) throws(RegistryError) -> Bool {
        let result: Result<Bool, RegistryError> = state.withLock { state in
            if state.end + leases.count * JournalFormat.recordSize > size {
                guard state.epochs[1 - state.active] <= state.folded else { return .success(false) }
                state.active = 1 - state.active
                state.epochs[state.active] = (state.epochs.max() ?? 0) + 1
                state.end = 0
            }
            do throws(RegistryError) {
                try Self.write(leases, &state)
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func write(_ leases: ArraySlice<Lease>, _ state: inout State) throws(RegistryError) {
        let epoch = state.epochs[state.active]
        // Counted up for failed writes too: what they left behind must not pass for what comes after.
        state.group &+= 1
        var bytes = state.end == 0 ? JournalFormat.header(epoch: epoch) : []
        bytes.reserveCapacity(bytes.count + leases.count * JournalFormat.recordSize)
        JournalFormat.append(leases, epoch: epoch, group: state.group, to: &bytes)
        if state.active == 0 {
            try state.first.store(bytes, at: state.end)
        } else {
            try state.second.store(bytes, at: state.end)
        }
        state.end += bytes.count
    }

    fileprivate static func read(
        _ path: String, size: Int
    ) throws(RegistryError) -> (epoch: UInt32, leases: [Lease])? {
        do {
            return try JournalFormat.decode(try JournalFile.read(path, size: size))
        } catch let error as RegistryError {
            throw error
        } catch {
            throw .cannotOpen(
                path: path, reason: "it is damaged. To go on without the leases that only it has, move it away")
        }
    }
}
