import BootProtocols
import PacketIO
import TFTPService
import Testing

/// A receiver as firmware has it, beside our own.
private protocol Receiver {
    /// The ACK that a block calls for.
    mutating func receive(_ block: UInt16, byteCount: Int) -> UInt16?
    var blocks: Int { get }
}

extension TFTPBlockReceiver: Receiver {
    var blocks: Int { count }

    mutating func receive(_ block: UInt16, byteCount: Int) -> UInt16? {
        switch receive(block: block, byteCount: byteCount) {
        case .take(let isDue, _): isDue ? lastBlock : nil
        case .acknowledge: lastBlock
        case .ignore, .tooLong: nil
        }
    }
}

/// EDK2's: for every block that is not the next it says which was the last.
private struct Chatty: Receiver {
    let window: Int
    let blockSize: Int
    private(set) var blocks = 0
    private var since = 0

    init(window: Int, blockSize: Int) {
        self.window = window
        self.blockSize = blockSize
    }

    mutating func receive(_ block: UInt16, byteCount: Int) -> UInt16? {
        let last = UInt16(truncatingIfNeeded: blocks)
        guard block == last &+ 1 else { return last }
        blocks += 1
        since += 1
        guard since >= window || byteCount < blockSize else { return nil }
        since = 0
        return block
    }
}

/// A path with a delay that loses packets, doubles some, and holds some back behind those after them.
private struct Path {
    var net: PlayedNetwork
    let socket: Int
    var random: UInt64
    let lossPerMille: UInt64
    let heldPerMille: UInt64
    let doubledPerMille: UInt64
    private var flights: [(due: Int64, order: Int, packet: Flight)] = []
    private var order = 0
    private(set) var sent = 0

    enum Flight {
        case data(UInt16, Int)
        case acknowledgment(UInt16)
    }

    init(_ net: PlayedNetwork, _ socket: Int, seed: UInt64, loss: UInt64, held: UInt64, doubled: UInt64) {
        self.net = net
        self.socket = socket
        random = seed
        (lossPerMille, heldPerMille, doubledPerMille) = (loss, held, doubled)
    }

    private mutating func chance(_ perMille: UInt64) -> Bool {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (random >> 33) % 1000 < perMille
    }

    private mutating func put(_ packet: Flight, after delay: Int64) {
        for _ in 0..<(chance(doubledPerMille) ? 2 : 1) where !chance(lossPerMille) {
            order += 1
            flights.append((net.clock + delay + (chance(heldPerMille) ? 120 : 0), order, packet))
        }
    }

    private mutating func put(_ actions: [TFTPAction]) {
        for run in actions.compactMap(\.run) {
            for index in 0..<run.blockCount {
                sent += 1
                let size = min(run.blockSize, run.byteCount - index * run.blockSize)
                put(.data(run.firstBlock &+ UInt16(truncatingIfNeeded: index), size), after: 50 + 5 * Int64(index))
            }
        }
    }

    mutating func play(_ first: [TFTPAction], _ receiver: inout some Receiver) {
        put(first)
        while net.reports.isEmpty {
            let next = flights.min { ($0.due, $0.order) < ($1.due, $1.order) }
            let due = net.machine.deadline ?? .max
            guard let next, next.due <= due else {
                guard due != .max else { return }
                put(net.waitForDeadline())
                continue
            }
            flights.removeAll { $0.order == next.order }
            net.clock = max(net.clock, next.due)
            switch next.packet {
            case .data(let block, let size):
                if let answer = receiver.receive(block, byteCount: size) { put(.acknowledgment(answer), after: 50) }
            case .acknowledgment(let block): put(net.acknowledge(block, to: socket))
            }
        }
    }
}

@Suite("TFTP over a path that loses and disorders")
struct TFTPLossTests {
    /// Blocks of the file, of 1000 bytes; the last is short.
    private static let blocks = 4000

    private func play(
        _ receiver: some Receiver, window: Int, seed: UInt64, loss: UInt64, held: UInt64, doubled: UInt64 = 0
    ) -> (net: PlayedNetwork, sent: Int, microseconds: Int64, blocks: Int) {
        var net = PlayedNetwork()
        net.files["f"] = Self.blocks * 1000 - 500
        let (_, socket) = net.ask("f", [TFTPOption(.blockSize, 1000), TFTPOption(.windowSize, window)])
        net.clock += 100
        let began = net.clock
        let first = net.acknowledge(0, to: socket)
        var path = Path(net, socket, seed: seed, loss: loss, held: held, doubled: doubled)
        var receiver = receiver
        path.play(first, &receiver)
        return (path.net, path.sent, path.net.clock - began, receiver.blocks)
    }

    @Test(
        "at 1 % loss and 2 % disorder the file arrives in at most twice the time, without a flood",
        arguments: [4, 16], UInt64(1)...8)
    func ours(window: Int, seed: UInt64) {
        let receiver = TFTPBlockReceiver(blockSize: 1000, windowSize: window)
        let clean = play(receiver, window: window, seed: seed, loss: 0, held: 0)
        #expect(clean.sent == Self.blocks)
        let lossy = play(receiver, window: window, seed: seed, loss: 10, held: 20)
        #expect(lossy.net.reports.map(\.outcome) == [.complete])
        #expect(lossy.blocks == Self.blocks)
        #expect(lossy.microseconds < 2 * clean.microseconds)
        #expect(lossy.sent < Self.blocks * (window == 4 ? 120 : 160) / 100)
    }

    @Test(
        "a client that answers every block behind a gap gets no flood either",
        arguments: [4, 16], UInt64(1)...8)
    func chatty(window: Int, seed: UInt64) {
        let receiver = Chatty(window: window, blockSize: 1000)
        let lossy = play(receiver, window: window, seed: seed, loss: 10, held: 20, doubled: 5)
        #expect(lossy.net.reports.map(\.outcome) == [.complete])
        #expect(lossy.blocks == Self.blocks)
        #expect(lossy.sent < Self.blocks * (window == 4 ? 130 : 200) / 100)
    }

    @Test("a quarter of all packets lost is slow, but the file arrives", arguments: [1, 4, 16])
    func heavy(window: Int) {
        let receiver = TFTPBlockReceiver(blockSize: 1000, windowSize: window)
        let lossy = play(receiver, window: window, seed: 3, loss: 250, held: 50)
        #expect(lossy.net.reports.map(\.outcome) == [.complete])
        #expect(lossy.blocks == Self.blocks)
    }
}
