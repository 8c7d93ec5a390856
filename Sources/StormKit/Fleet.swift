public import BootProtocols

/// Thousands of simulated nodes that ask one server for addresses: a pure value, to which a loop brings answers and
/// the time, and whose messages it sends.
public struct Fleet: Sendable {
    /// A message to send.
    struct Outgoing: Hashable {
        enum Kind: Hashable, CaseIterable {
            case discover, request
            /// To the server alone, from the address in use; then to all (RFC 2131, 4.4.5).
            case renewal, rebinding
        }
        var kind: Kind
        var node: Int
        var transactionID: UInt32
        /// The address asked for, or in use.
        var address: UInt32
        var server: UInt32
    }

    private enum Phase { case idle, selecting, requesting, extending }

    private struct Node {
        var phase = Phase.idle
        var isBound = false
        var tries = 0
        var generation: UInt8 = 0
        var address: UInt32 = 0
        var server: UInt32 = 0
        /// Of the exchange's first message, and of the newest; nanoseconds since the start.
        var began: Int64 = 0
        var sent: Int64 = 0
    }

    /// More would not fit in the part of a MAC that numbers them.
    public static let largest = 1 << 24

    public let shape: ClientShape
    /// First octets 02:53 and the seed: locally administered, and each seed other machines.
    private let firstMAC: UInt64
    private let patience: [Int64]
    private var load: StormLoad
    private var nodes: [Node]
    private var holders: [UInt32: Int] = [:]
    private var timers = TimerWheel()
    private var next = 0
    private var active = 0
    public private(set) var tally = StormTally()
    var outbox: [Outgoing] = []

    /// - Parameters:
    ///   - nodes: 1...`largest`.
    ///   - patience: seconds that a node waits before each repetition, and after the last one before it gives up. Nil:
    ///     as programs of that shape do.
    public init(of nodes: Int, shape: ClientShape, seed: UInt8 = 0, load: StormLoad, patience: [Double]? = nil) {
        self.shape = shape
        self.load = load
        firstMAC = 0x0253_0000_0000 | UInt64(seed) << 24
        self.patience = (patience ?? shape.patience).map { Int64($0 * 1e9) }
        self.nodes = Array(repeating: Node(), count: min(max(nodes, 1), Self.largest))
        outbox.reserveCapacity(4096)
    }

    /// Starts anew with the leases that the nodes have.
    public mutating func begin(_ load: StormLoad) {
        self.load = load
        tally = StormTally()
        timers = TimerWheel()
        next = 0
        active = 0
        for index in nodes.indices { nodes[index].phase = .idle }
    }

    /// How many nodes have a lease.
    public var bound: Int { nodes.count { $0.isBound } }

    /// What was acknowledged and is held: the last address of each node that has one.
    public var leases: [(mac: MACAddress, address: IPv4Address)] {
        nodes.indices.filter { nodes[$0].isBound }.map { index in
            (MACAddress(value: mac(of: index)), IPv4Address(value: nodes[index].address))
        }
    }

    /// The node that has this address.
    func holder(of address: IPv4Address) -> Int? {
        guard let node = holders[address.value], nodes[node].isBound, nodes[node].address == address.value else {
            return nil
        }
        return node
    }

    func mac(of node: Int) -> UInt64 { firstMAC | UInt64(node) }

    /// All exchanges have begun and ended.
    func isOver(at now: Int64) -> Bool {
        guard active == 0 else { return false }
        return load.total(nodes: nodes.count).map { next >= $0 } ?? (now >= load.length)
    }

    /// When the next exchange is to begin; nil if none is, or if one has to end before.
    var nextStart: Int64? {
        guard let total = load.total(nodes: nodes.count) else { return nil }
        return next < total ? load.start(of: next, of: total) : nil
    }

    mutating func noteUnsent(_ count: Int) { tally.unsent += count }
    mutating func noteUnreadable() { note(.unreadable) }
}

// MARK: - Time

extension Fleet {
    /// Begins what is due and repeats what was not answered, at most `room` messages.
    mutating func advance(to now: Int64, room: Int) {
        var due: [Int] = []
        timers.takeDue(at: now) { due.append($0.node) }
        for node in due { expire(node, at: now) }
        switch load {
        case .flatOut(let limit, _):
            while active < limit, outbox.count < room, now < load.length { begin(scheduled: now, at: now) }
        case .leases, .renewals, .rebindings, .powerOn:
            while outbox.count < room, let start = nextStart, start <= now { begin(scheduled: start, at: now) }
        }
    }

    private mutating func begin(scheduled: Int64, at now: Int64) {
        let index = next % nodes.count
        next += 1
        tally.begun += 1
        tally.lag.record(now - scheduled)
        // Its turn has come again and the exchange before is still open: that one is lost.
        if nodes[index].phase != .idle { end(index, isCompleted: false) }
        active += 1
        nodes[index].generation &+= 1
        nodes[index].tries = 0
        nodes[index].began = now
        nodes[index].phase = load.extends && nodes[index].isBound ? .extending : .selecting
        send(index, at: now)
    }

    private mutating func send(_ index: Int, at now: Int64) {
        let kind: Outgoing.Kind
        switch nodes[index].phase {
        case .idle: return
        case .selecting: kind = .discover
        case .requesting: kind = .request
        case .extending: kind = if case .rebindings = load { .rebinding } else { .renewal }
        }
        nodes[index].sent = now
        let wait = patience[min(nodes[index].tries, patience.count - 1)]
        timers.set(.init(node: index, deadline: now + wait))
        tally.sent += 1
        outbox.append(
            Outgoing(
                kind: kind, node: index, transactionID: transactionID(of: index), address: nodes[index].address,
                server: nodes[index].server))
    }

    private mutating func expire(_ index: Int, at now: Int64) {
        let node = nodes[index]
        // An entry of a message that was answered meanwhile.
        guard node.phase != .idle, now >= node.sent + patience[min(node.tries, patience.count - 1)] else { return }
        guard node.tries + 1 < patience.count else { return end(index, isCompleted: false) }
        nodes[index].tries += 1
        tally.repeated += 1
        send(index, at: now)
    }

    private mutating func end(_ index: Int, isCompleted: Bool) {
        nodes[index].phase = .idle
        active -= 1
        if isCompleted { tally.completed += 1 } else { tally.lost += 1 }
    }

    private func transactionID(of index: Int) -> UInt32 {
        UInt32(nodes[index].generation) << 24 | UInt32(truncatingIfNeeded: index & 0xff_ffff)
    }
}

// MARK: - Answers

extension Fleet {
    mutating func receive(_ reply: ServerReply, at now: Int64) {
        tally.answers += 1
        let index = Int(truncatingIfNeeded: reply.mac ^ firstMAC)
        guard nodes.indices.contains(index) else { return note(.stranger) }
        let node = nodes[index]
        guard reply.transactionID == transactionID(of: index) else { return note(.otherTransaction) }
        switch (DHCPMessageType(rawValue: reply.type), node.phase) {
        case (.offer, .selecting): takeOffer(reply, index, at: now)
        case (.ack, .requesting), (.ack, .extending): takeAcknowledgement(reply, index, at: now)
        case (.nak, .requesting), (.nak, .extending):
            note(.refused)
            nodes[index].isBound = false
            end(index, isCompleted: false)
        case (.offer, _), (.ack, _), (.nak, _): tally.late += 1
        default: note(.unreadable)
        }
    }

    private mutating func takeOffer(_ reply: ServerReply, _ index: Int, at now: Int64) {
        guard isWhole(reply) else { return note(.noAddress) }
        if shape.bootsFromAnswer, !reply.namesBootFile { note(.noBootFile) }
        tally.offer.record(now - nodes[index].sent)
        nodes[index].phase = .requesting
        nodes[index].tries = 0
        nodes[index].address = reply.address
        nodes[index].server = reply.server
        send(index, at: now)
    }

    private mutating func takeAcknowledgement(_ reply: ServerReply, _ index: Int, at now: Int64) {
        guard isWhole(reply) else { return note(.noAddress) }
        if reply.address != nodes[index].address { note(.otherAddress) }
        if shape.bootsFromAnswer, !reply.namesBootFile { note(.noBootFile) }
        hold(reply.address, index)
        tally.acknowledgement.record(now - nodes[index].sent)
        tally.exchange.record(now - nodes[index].began)
        tally.lastCompletion = now
        end(index, isCompleted: true)
    }

    /// Keeps book of who has which address. Leases outlast every run, so that nobody else may get one meanwhile.
    private mutating func hold(_ address: UInt32, _ index: Int) {
        let holder = holders.updateValue(index, forKey: address)
        if let holder, holder != index, nodes[holder].isBound, nodes[holder].address == address {
            tally.givenTwice += 1
            nodes[holder].isBound = false
        }
        nodes[index].address = address
        nodes[index].isBound = true
    }

    private func isWhole(_ reply: ServerReply) -> Bool {
        reply.address != 0 && reply.server != 0 && reply.leaseSeconds != 0
    }

    private mutating func note(_ fault: StormTally.Fault) { tally.faults[fault, default: 0] += 1 }
}
