import BootProtocols
import PacketIO
import TFTPService

/// A `TFTPMachine` with files of given sizes, under a clock and a network that the test plays.
struct PlayedNetwork {
    static let server = IPv4Address(value: 0x0a4d_0001)
    static let client = IPv4Endpoint(IPv4Address(value: 0x0a4d_0037), port: 1337)

    var machine: TFTPMachine
    /// Microseconds; `now` is the same in milliseconds.
    var clock: Int64 = 1_000_000
    var now: Int64 {
        get { clock / 1000 }
        set { clock = newValue * 1000 }
    }
    var files: [String: Int] = ["loader": 1300]
    var pathMTU: Int?
    /// Bytes that clients wrote.
    var stored = 0
    /// The disk has what was written last only when the test says so, by this.
    var isDiskSlow = false
    var unstored: TFTPSessionID?
    /// What was told of requests that are over.
    var reports: [TFTPTransfer] = []

    init(_ change: (inout TFTPSettings) -> Void = { _ in }) {
        var settings = TFTPSettings()
        change(&settings)
        machine = TFTPMachine(settings)
    }

    /// Sends `packet` to the server; gives what it sends, content looked up on the way.
    mutating func send(
        _ packet: TFTPPacket, to socket: Int, from client: IPv4Endpoint = client,
        destination: IPv4Address = server
    ) -> [TFTPAction] {
        send(bytes: packet.bytes, to: socket, from: client, destination: destination)
    }

    mutating func send(
        bytes: [UInt8], to socket: Int, from client: IPv4Endpoint = client, destination: IPv4Address = server
    ) -> [TFTPAction] {
        let origin = DatagramOrigin(
            source: client, destination: destination, localAddress: Self.server, interfaceIndex: 2)
        return settle(machine.receive(bytes.span.bytes, from: origin, on: socket, at: clock))
    }

    /// Lets time pass up to the machine's deadline.
    mutating func waitForDeadline() -> [TFTPAction] {
        clock = machine.deadline ?? clock
        return settle(machine.expire(at: clock))
    }

    /// Lets time pass until no timer runs; the client stays silent.
    mutating func waitForQuiet() {
        for _ in 0..<100 where machine.deadline != nil { _ = waitForDeadline() }
    }

    mutating func settle(_ actions: [TFTPAction]) -> [TFTPAction] {
        actions.flatMap { action -> [TFTPAction] in
            switch action {
            case .lookUp(let id, let request, _):
                let found = files[request.fileName].map { Result<Int, TFTPRefusal>.success($0) }
                return settle(machine.answer(id, found ?? .failure(.notFound), pathMTU: pathMTU, at: clock))
            case .create(let id, _, _):
                return settle(machine.answer(id, .success(0), pathMTU: pathMTU, at: clock))
            case .store(let id, let range, let isLast):
                stored += range.count
                if isLast, isDiskSlow { unstored = id }
                return isLast && !isDiskSlow ? settle(machine.stored(id, at: clock)) : []
            case .finish(_, let transfer), .refuse(let transfer):
                reports.append(transfer)
                return []
            case .send, .sendData: return [action]
            }
        }
    }

    /// Asks for a file; gives the first answer and the socket it came from.
    mutating func ask(
        _ name: String = "loader", _ options: [TFTPOption] = [], from client: IPv4Endpoint = client
    ) -> (actions: [TFTPAction], socket: Int) {
        let actions = send(.readRequest(TFTPRequest(fileName: name, options: options)), to: 0, from: client)
        return (actions, actions.first?.route?.socket ?? -1)
    }

    mutating func acknowledge(
        _ block: UInt16, to socket: Int, from client: IPv4Endpoint = client
    ) -> [TFTPAction] {
        send(.acknowledgment(block: block), to: socket, from: client)
    }
}

extension TFTPAction {
    var route: TFTPRoute? {
        switch self {
        case .send(_, let route): route
        case .sendData(let run): run.route
        case .lookUp, .create, .store, .finish, .refuse: nil
        }
    }

    var packet: TFTPPacket? {
        guard case .send(let packet, _) = self else { return nil }
        return packet
    }

    var run: TFTPDataRun? {
        guard case .sendData(let run) = self else { return nil }
        return run
    }
}

/// A run in short: number of the first block, blocks, bytes.
struct Blocks: Hashable {
    var first: UInt16
    var count: Int
    var bytes: Int

    init(_ first: UInt16, _ count: Int, _ bytes: Int) {
        (self.first, self.count, self.bytes) = (first, count, bytes)
    }
}

extension [TFTPAction] {
    var blocks: [Blocks] { compactMap(\.run).map { Blocks($0.firstBlock, $0.blockCount, $0.byteCount) } }
    var packets: [TFTPPacket] { compactMap(\.packet) }
}
