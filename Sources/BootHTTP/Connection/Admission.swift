import Synchronization

/// How much is going on, shared by all connections, and whether more may.
final class Admission: Sendable {
    let limits: HTTPLimits
    private let connections = Atomic<Int>(0)
    private let transfers = Atomic<Int>(0)

    init(_ limits: HTTPLimits) {
        self.limits = limits
    }

    /// What a new connection may expect.
    enum Welcome: Hashable, Sendable {
        case all
        /// Answers that the work of the cluster depends on and that cost little.
        case essentials
        case nothing
    }

    /// Counts a connection, until `leave`.
    func enter() -> Welcome {
        let now = connections.add(1, ordering: .relaxed).newValue
        if now <= limits.connections { return .all }
        return now <= limits.connections + limits.connections / 4 ? .essentials : .nothing
    }

    func leave() {
        connections.subtract(1, ordering: .relaxed)
    }

    /// Takes one of the places for transfers to agents, to be given back by `endTransfer`.
    func beginTransfer() -> Bool {
        if transfers.add(1, ordering: .relaxed).newValue <= limits.transfers { return true }
        endTransfer()
        return false
    }

    func endTransfer() {
        transfers.subtract(1, ordering: .relaxed)
    }

    var openConnections: Int { connections.load(ordering: .relaxed) }
    var runningTransfers: Int { transfers.load(ordering: .relaxed) }
}
