import BootProtocols
import FuzzHarness
import PacketIO

@testable import TFTPService

/// A server, and the loop's and the clients' part as the input would have it.
///
/// Held against every action: a run lies within its file and its window; each look-up ends with one `finish`; nothing
/// is sent of a transfer that is over; sessions are counted right and are as few as the settings say.
struct Play {
    private var machine: TFTPMachine
    private var now: Int64 = 1_000_000
    /// Transfers that are not over, with the size that was answered.
    private var open: [TFTPSessionID: Int?] = [:]
    /// What a client would acknowledge next.
    private var lastRun: TFTPDataRun?
    private var lastID: TFTPSessionID?
    /// Bytes of the datagram that is being answered.
    private var received = 0

    private static let server = IPv4Address(value: 0x0a4d_0001)
    private static let sizes = [0, 1, 511, 512, 513, 1428, 70_000, 34_000_000, 1 << 40, -1]
    /// Microseconds.
    private static let pauses: [Int64] = [0, 1, 90, 500, 5000, 999_000, 2_000_000, 8_000_000, 255_000_000, 1 << 43]

    init(settings choice: UInt8) {
        var settings = TFTPSettings()
        settings.maximumSessions = choice & 1 == 0 ? 4 : 64
        settings.maximumSessionsPerClient = choice & 2 == 0 ? 2 : 16
        settings.transferPorts = choice & 4 == 0 ? 3 : 0
        settings.acceptsWrites = choice & 32 == 0
        settings.ports = choice & 64 == 0 ? .auto : .single
        settings.maximumWindowSize = choice & 8 == 0 ? 16 : 64
        settings.defaultMTU = choice & 16 == 0 ? 1500 : 9000
        machine = TFTPMachine(settings)
    }

    mutating func step(_ input: inout FuzzInput) {
        FuzzHarness.events += 1
        switch input.byte() % 12 {
        case 0: request(&input)
        case 1: acknowledge(&input)
        case 2: answer(&input)
        case 3: now += input.pick(Self.pauses)
        case 4: perform(machine.expire(at: now))
        case 5: jumpToDeadline()
        case 6: error(&input)
        case 7: receive(input.bytes(Int(input.uint16() % 1024)), &input)
        case 8: disturb(&input)
        case 9: acknowledgeLast()
        case 10: sendBlock(&input)
        default: receive(input.bytes(4), &input)
        }
        checkCounts()
    }

    private mutating func jumpToDeadline() {
        guard let deadline = machine.deadline else { return }
        now = max(now, deadline)
        perform(machine.expire(at: now))
        require(machine.deadline.map { $0 > now } ?? true, "expired at \(now) and is due again at once")
    }

    private mutating func request(_ input: inout FuzzInput) {
        let choice = input.byte()
        var request = TFTPRequest(fileName: choice & 1 == 0 ? "a" : "b")
        if choice & 2 != 0 { request.options.append(TFTPOption(.blockSize, 8 + Int(input.uint16() % 65457))) }
        if choice & 4 != 0 { request.options.append(TFTPOption(.windowSize, 1 + Int(input.uint16() % 100))) }
        if choice & 8 != 0 { request.options.append(TFTPOption(.transferSize, 0)) }
        if choice & 16 != 0 { request.options.append(TFTPOption(.timeout, 1 + Int(input.byte() % 255))) }
        if choice & 96 == 96 { request.mode = .netascii }
        let packet = choice & 128 != 0 ? TFTPPacket.writeRequest(request) : .readRequest(request)
        receive(packet.bytes, on: 0, client: input.byte())
    }

    private mutating func acknowledge(_ input: inout FuzzInput) {
        receive(TFTPPacket.acknowledgment(block: input.uint16()).bytes, &input)
    }

    /// The client got the last run whole, or what was agreed upon.
    private mutating func acknowledgeLast() {
        guard let id = lastID else { return }
        let block = lastRun.map { $0.firstBlock &+ UInt16(truncatingIfNeeded: $0.blockCount - 1) } ?? 0
        receive(TFTPPacket.acknowledgment(block: block).bytes, on: id.socket, from: id.client)
    }

    /// A block of a file that a client writes: the next one, or any.
    private mutating func sendBlock(_ input: inout FuzzInput) {
        guard let id = lastID else { return }
        let choice = input.byte()
        let next = machine.session(id).map { $0.blocks.lastBlock &+ 1 } ?? 1
        let block = choice & 3 == 0 ? input.uint16() : next
        let size = choice & 4 == 0 ? machine.session(id)?.agreement.blockSize ?? 512 : Int(input.uint16() % 600)
        let packet = TFTPPacket.data(block: block, payload: 0..<0).bytes + [UInt8](repeating: choice, count: size)
        receive(packet, on: id.socket, from: id.client)
    }

    private mutating func error(_ input: inout FuzzInput) {
        let code = TFTPErrorCode(rawValue: UInt16(input.byte() % 10))
        receive(TFTPPacket.error(code, message: "m\u{1b}[2J").bytes, &input)
    }

    private mutating func receive(_ bytes: [UInt8], _ input: inout FuzzInput) {
        let place = input.byte()
        receive(bytes, on: Int(place & 3), client: place >> 2)
    }

    private mutating func receive(_ bytes: [UInt8], on socket: Int, client: UInt8) {
        let address = IPv4Address(value: Self.server.value + 1 + UInt32(client & 1))
        receive(bytes, on: socket, from: IPv4Endpoint(address, port: UInt16(client >> 1 & 7)))
    }

    private mutating func receive(_ bytes: [UInt8], on socket: Int, from client: IPv4Endpoint) {
        let origin = DatagramOrigin(
            source: client, destination: Self.server, localAddress: Self.server, interfaceIndex: 2)
        received = bytes.count
        perform(machine.receive(bytes.span.bytes, from: origin, on: socket, at: now))
    }

    private mutating func answer(_ input: inout FuzzInput) {
        guard let id = lastID else { return }
        let choice = input.byte()
        let found: Result<Int, TFTPRefusal> =
            choice & 15 == 15 ? .failure(.notFound) : .success(Self.sizes[Int(choice & 15) % Self.sizes.count])
        if case .success(let size) = found, let answered = open[id], answered == nil { open[id] = max(size, 0) }
        perform(machine.answer(id, found, at: now))
    }

    private mutating func disturb(_ input: inout FuzzInput) {
        guard let id = lastID else { return }
        let route = TFTPRoute(socket: id.socket, client: id.client, localAddress: Self.server)
        switch input.byte() & 7 {
        case 0: perform(machine.fail(id, TFTPRefusal(.notDefined, "gone"), at: now))
        case 1:
            perform(machine.stop(at: now))
            require(open.isEmpty, "the server stopped and \(open.count) transfers did not end")
        case 2...4: machine.postpone(route, blocks: Int(lastRun?.blockCount ?? 0) / 2, at: now)
        default: machine.noteSendFailure(route, "no buffer space")
        }
    }

    private mutating func perform(_ actions: [TFTPAction]) {
        for action in actions {
            switch action {
            case .lookUp(let id, _, client: _), .create(let id, _, client: _):
                require(open.updateValue(nil, forKey: id) == nil, "\(id) begins twice")
                (lastID, lastRun) = (id, nil)
            case .store(let id, payload: let range, let isLast):
                require(open.keys.contains(id), "bytes of \(id), which is over or never began")
                require(range.lowerBound == 4 && range.upperBound == received, "the payload is at \(range)")
                if isLast { perform(machine.stored(id, at: now)) }
            case .send(let packet, _): require(!packet.bytes.isEmpty, "an empty packet")
            case .sendData(let run): check(run)
            case .finish(let id, let transfer):
                require(open.removeValue(forKey: id) != nil, "\(id) ends twice or never began")
                check(transfer)
            case .refuse(let transfer): check(transfer)
            }
        }
    }

    private mutating func check(_ run: TFTPDataRun) {
        guard let answered = open[run.session], let size = answered else {
            return require(false, "\(run) is of a transfer that is over or was not answered")
        }
        (lastID, lastRun) = (run.session, run)
        require((1...64).contains(run.blockCount), "\(run.blockCount) blocks at once")
        require((8...8968).contains(run.blockSize), "blocks of \(run.blockSize)")
        require(run.offset >= 0 && run.byteCount >= 0 && run.offset + run.byteCount <= size, "\(run) of \(size) bytes")
        require(run.byteCount > (run.blockCount - 1) * run.blockSize - 1, "\(run) has an empty block inside")
        require(run.byteCount <= run.blockCount * run.blockSize, "\(run) has more bytes than blocks hold")
        require(run.blockCount * (run.blockSize + 4) <= 300 << 10, "\(run) is more than may be in flight")
    }

    private func check(_ transfer: TFTPTransfer) {
        require(transfer.name.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "the name \(transfer.name) is not clean")
        require((0...transfer.size).contains(transfer.bytes), "\(transfer.bytes) of \(transfer.size) bytes")
        require(transfer.direction == .read || transfer.bytes == transfer.size, "\(transfer) was written in part")
        require(transfer.milliseconds >= 0, "it took \(transfer.milliseconds) ms")
    }

    private mutating func checkCounts() {
        let settings = machine.settings
        let active = machine.sessions.values.count { $0.isActive }
        require(
            active == machine.activeCount && active == open.count, "\(machine.activeCount) are not \(active) active")
        require(active == machine.activeByClient.values.reduce(0, +), "\(machine.activeByClient) for \(active)")
        require(active <= settings.maximumSessions, "\(active) sessions")
        require(machine.sessions.count <= 2 * settings.maximumSessions, "\(machine.sessions.count) are remembered")
        require(
            machine.activeByClient.values.allSatisfy { $0 <= settings.maximumSessionsPerClient }, "too many of a client"
        )
        let earliest = machine.sessions.values.map(\.deadline).min() ?? .max
        require((machine.deadline ?? .max) <= earliest, "no one wakes up at \(earliest)")
    }

    /// A file in lockstep, one in windows, one that is lost on the way.
    static let seeds: [[UInt8]] = [
        [0, 0, 0, 4, 2, 4, 9, 9, 9],
        [0, 0, 14, 5, 148, 0, 16, 4, 2, 6, 9, 9, 9, 9, 9, 9, 9],
        [4, 0, 30, 5, 148, 0, 16, 3, 4, 2, 7, 9, 5, 5, 5, 5, 5, 5, 5],
    ]
}
