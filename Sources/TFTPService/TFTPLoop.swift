internal import BootProtocols
internal import PacketIO

/// A socket that can be shared.
final class TFTPPort: Sendable {
    let socket: UDPSocket

    init(_ options: UDPSocket.Options) throws(SystemError) {
        socket = try UDPSocket(options)
    }
}

/// Performs what a `TFTPMachine` decides: reads content, sends packets, keeps what clients write, reports.
struct TFTPLoop: ~Copyable {
    private let ports: [TFTPPort]
    private let content: any TFTPContent
    private let report: @Sendable (TFTPTransfer) -> Void
    private var machine: TFTPMachine
    private var shelf = TFTPShelf()
    /// What is sent, by the serial number of its transfer.
    private var volumes: [UInt64: TFTPVolume] = [:]
    private var uploads: TFTPUploads?
    private let publisher: TFTPPublisher?
    private var sender = BlockSender(headerSize: TFTPPacket.dataHeaderSize)
    /// Datagrams to ask the kernel for at once: a few clients send one at a time, and to ask for more is a call's worth
    /// of looking in vain.
    private var wanted = 1
    private var received = 0
    private var follower = ArrivalFollower()
    /// A packet without content on its way out.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 64)

    init(
        _ ports: [TFTPPort], _ content: any TFTPContent, _ uploads: TFTPUploads?, _ publisher: TFTPPublisher?,
        _ report: @escaping @Sendable (TFTPTransfer) -> Void, _ machine: TFTPMachine
    ) {
        self.ports = ports
        self.content = content
        self.uploads = uploads
        self.publisher = publisher
        self.report = report
        self.machine = machine
    }

    deinit { buffer.deallocate() }

    var counters: TFTPCounters { machine.counters }

    /// When to call `expire` at the latest, in microseconds; nil: no timer runs.
    var nextLook: Int64? { machine.nextLook }

    /// Takes what waits at a socket, one batch. Tells whether more may wait.
    mutating func receive(on socket: Int, into batch: inout ReceiveBatch) throws(SystemError) -> Bool {
        guard ports.indices.contains(socket) else { return false }
        let asked = wanted
        let count = try ports[socket].socket.receive(into: &batch, atMost: asked)
        received += count
        wanted = count == asked ? min(2 * asked, batch.capacity) : 1
        for index in 0..<count {
            let now = monotonicMicroseconds()
            _ = batch.withDatagram(at: index) { origin, bytes in
                let actions = machine.receive(bytes, from: origin, on: socket, at: now)
                perform(actions, payload: bytes, at: now)
            }
        }
        return asked > 1 && count == asked
    }

    /// The thread has taken what it was woken for.
    mutating func settleDown() {
        follower.note(packets: received)
        received = 0
    }

    mutating func expire(at now: Int64) {
        perform(machine.expire(at: now), at: now)
    }

    /// Tells clients whose files the disk has by now.
    mutating func collect() {
        guard let outcomes = publisher?.takeOutcomes(), !outcomes.isEmpty else { return }
        let now = monotonicMicroseconds()
        for outcome in outcomes {
            if let error = outcome.error {
                perform(machine.fail(outcome.id, TFTPUploads.refusal(error), at: now), at: now)
            } else {
                uploads?.settle(outcome.id)
                perform(machine.stored(outcome.id, at: now), at: now)
            }
        }
    }

    mutating func stop(at now: Int64) {
        perform(machine.stop(at: now), at: now)
    }

    /// - Parameter payload: the datagram that the actions answer.
    private mutating func perform(_ actions: [TFTPAction], payload: RawSpan = RawSpan(), at now: Int64) {
        for action in actions {
            switch action {
            case .lookUp(let id, let request, let client): perform(lookUp(id, request, client, at: now), at: now)
            case .create(let id, let request, let client): perform(create(id, request, client, at: now), at: now)
            case .send(let packet, let route): send(packet, route, at: now)
            case .sendData(let run): send(run, at: now)
            case .store(let id, let range, let isLast):
                guard store(id, payload.extracting(range), isLast: isLast, at: now) else { return }
            case .finish(let id, let transfer):
                volumes[id.serial] = nil
                uploads?.drop(id)
                follower.apart { report(transfer) }
            case .refuse(let transfer): follower.apart { report(transfer) }
            }
        }
    }

    private mutating func lookUp(
        _ id: TFTPSessionID, _ request: TFTPRequest, _ client: TFTPClient, at now: Int64
    ) -> [TFTPAction] {
        do throws(TFTPRefusal) {
            let source = try follower.apart { () throws(TFTPRefusal) in
                try content.lookup(request.fileName, for: client)
            }
            let volume = try shelf.volume(source, request.mode)
            volumes[id.serial] = volume
            return machine.answer(id, .success(volume.size), pathMTU: mtu(request, client), at: now)
        } catch {
            return machine.answer(id, .failure(error), at: now)
        }
    }

    private mutating func create(
        _ id: TFTPSessionID, _ request: TFTPRequest, _ client: TFTPClient, at now: Int64
    ) -> [TFTPAction] {
        do throws(TFTPRefusal) {
            try uploads?.create(id, request, at: now)
            return machine.answer(id, .success(0), pathMTU: mtu(request, client), at: now)
        } catch {
            return machine.answer(id, .failure(error), at: now)
        }
    }

    /// Asked for only where it can make a block smaller.
    private func mtu(_ request: TFTPRequest, _ client: TFTPClient) -> Int? {
        guard let asked = request[.blockSize], asked.value > TFTPPacket.defaultBlockSize else { return nil }
        return pathMTU(to: client.endpoint.address, from: client.localAddress)
    }

    /// False if the transfer is over by it.
    private mutating func store(_ id: TFTPSessionID, _ bytes: RawSpan, isLast: Bool, at now: Int64) -> Bool {
        do throws(TFTPRefusal) {
            try uploads?.store(id, bytes, isLast: isLast)
            if isLast, let publication = uploads?.publication(of: id) { publisher?.add(publication) }
            return true
        } catch {
            perform(machine.fail(id, error, at: now), at: now)
            return false
        }
    }

    private mutating func send(_ packet: TFTPPacket, _ route: TFTPRoute, at now: Int64) {
        guard let size = packet.encode(into: buffer), ports.indices.contains(route.socket) else { return }
        let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<size]))
        do throws(SystemError) {
            let isSent = try ports[route.socket].socket.send(bytes, to: route.client, from: route.localAddress)
            if !isSent { machine.postpone(route, blocks: 0, at: now) }
        } catch {
            machine.noteSendFailure(route, error.description)
        }
    }

    /// Hands the kernel a run of blocks, which takes their bytes from where they are.
    private mutating func send(_ run: TFTPDataRun, at now: Int64) {
        guard ports.indices.contains(run.route.socket) else { return }
        guard let volume = volumes[run.session.serial] else { return fail(run, "the file is closed", at: now) }
        let changed = "the file was changed while it was sent"
        let isLast = run.offset + run.byteCount == volume.size
        guard !volume.hasChanged(at: now, isLast: isLast) else { return fail(run, changed, at: now) }
        do throws(SystemError) {
            let sent = try volume.withBytes(run.offset..<run.offset + run.byteCount) { bytes throws(SystemError) in
                try sender.send(
                    bytes, blockSize: run.blockSize, blocks: run.blockCount, over: ports[run.route.socket].socket,
                    to: run.route.client, from: run.route.localAddress
                ) { index, room in
                    let block = run.firstBlock &+ UInt16(truncatingIfNeeded: index)
                    _ = TFTPPacket.data(block: block, payload: 0..<0).encode(into: room)
                }
            }
            if sent < run.blockCount { machine.postpone(run.route, blocks: run.blockCount - sent, at: now) }
        } catch {
            guard !error.isBadAddress else { return fail(run, changed, at: now) }
            machine.noteSendFailure(run.route, error.description)
        }
        // Nobody asks again after the last block.
        if isLast, volume.hasChanged(at: now, isLast: true) { fail(run, changed, at: now) }
    }

    private mutating func fail(_ run: TFTPDataRun, _ reason: String, at now: Int64) {
        perform(machine.fail(run.session, TFTPRefusal(.notDefined, reason), at: now), at: now)
    }
}
