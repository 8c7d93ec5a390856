internal import BootProtocols
internal import PacketIO

/// A socket that can be shared.
final class TFTPPort: Sendable {
    let socket: UDPSocket

    init(_ options: UDPSocket.Options) throws(SystemError) {
        socket = try UDPSocket(options)
    }
}

/// Performs what a `TFTPMachine` decides: reads content, sends packets, reports.
struct TFTPLoop: ~Copyable {
    private let ports: [TFTPPort]
    private let content: any TFTPContent
    private let report: @Sendable (TFTPTransfer) -> Void
    private var machine: TFTPMachine
    private var sources: [TFTPSessionID: TFTPSource] = [:]
    private var batch = ReceiveBatch(capacity: 64, datagramSize: 1024)
    /// Packets on their way out; grows to the largest window seen, which `TFTPAgreement` bounds.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)

    init(
        _ ports: [TFTPPort], _ content: any TFTPContent, _ report: @escaping @Sendable (TFTPTransfer) -> Void,
        _ machine: TFTPMachine
    ) {
        self.ports = ports
        self.content = content
        self.report = report
        self.machine = machine
    }

    deinit { buffer.deallocate() }

    /// Milliseconds until `expire` is due; nil: no timer runs.
    func timeout(at now: Int64) -> Int64? {
        machine.deadline.map { $0 - now }
    }

    /// Takes what waits at a socket, one batch.
    mutating func receive(on socket: Int) throws(SystemError) {
        guard ports.indices.contains(socket) else { return }
        let count = try ports[socket].socket.receive(into: &batch)
        let now = monotonicMilliseconds()
        for index in 0..<count {
            let actions = batch.withDatagram(at: index) { origin, bytes in
                machine.receive(bytes, from: origin, on: socket, at: now)
            }
            perform(actions ?? [], at: now)
        }
    }

    mutating func expire(at now: Int64) {
        perform(machine.expire(at: now), at: now)
    }

    mutating func stop(at now: Int64) {
        perform(machine.stop(at: now), at: now)
    }

    private mutating func perform(_ actions: [TFTPAction], at now: Int64) {
        for action in actions {
            switch action {
            case .lookUp(let id, let name, let client): perform(lookUp(id, name, client, at: now), at: now)
            case .send(let packet, let route): send(packet, route, at: now)
            case .sendData(let run): send(run, at: now)
            case .finish(let id, let transfer):
                sources[id] = nil
                report(transfer)
            case .refuse(let transfer): report(transfer)
            }
        }
    }

    private mutating func lookUp(
        _ id: TFTPSessionID, _ name: String, _ client: TFTPClient, at now: Int64
    ) -> [TFTPAction] {
        do throws(TFTPRefusal) {
            let source = try content.lookup(name, for: client)
            sources[id] = source
            return machine.answer(id, .success(source.size), at: now)
        } catch {
            return machine.answer(id, .failure(error), at: now)
        }
    }

    private mutating func send(_ packet: TFTPPacket, _ route: TFTPRoute, at now: Int64) {
        guard let size = packet.encode(into: buffer) else { return }
        transmit(size, segmentSize: size, route, at: now)
    }

    /// Builds the packets of a run one behind the other, so that the kernel can take them in one call.
    private mutating func send(_ run: TFTPDataRun, at now: Int64) {
        let header = TFTPPacket.dataHeaderSize
        let total = run.byteCount + run.blockCount * header
        if buffer.count < total {
            buffer.deallocate()
            buffer = .allocate(byteCount: total, alignment: 64)
        }
        var used = 0
        for index in 0..<run.blockCount {
            let offset = index * run.blockSize
            let size = min(run.blockSize, run.byteCount - offset)
            let block = run.firstBlock &+ UInt16(truncatingIfNeeded: index)
            let packet = UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + header + size])
            _ = TFTPPacket.data(block: block, payload: header..<header + size).encode(into: packet)
            let payload = UnsafeMutableRawBufferPointer(rebasing: packet[header...])
            if let reason = fill(payload, run.session, at: run.offset + offset) {
                return perform(machine.fail(run.session, reason, at: now), at: now)
            }
            used += packet.count
        }
        transmit(used, segmentSize: run.blockSize + header, run.route, at: now)
    }

    /// Nil, or why the content is not there.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer, _ id: TFTPSessionID, at offset: Int) -> String? {
        do throws(SystemError) {
            guard let source = sources[id] else { return "the file is closed" }
            let count = try source.read(into: buffer, at: offset)
            return count == buffer.count ? nil : "the file became shorter"
        } catch {
            return error.reason
        }
    }

    private mutating func transmit(_ size: Int, segmentSize: Int, _ route: TFTPRoute, at now: Int64) {
        guard ports.indices.contains(route.socket) else { return }
        let bytes = RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<size]))
        do throws(SystemError) {
            let sent = try ports[route.socket].socket.send(
                bytes, segmentSize: segmentSize, to: route.client, from: route.localAddress)
            if sent < size { machine.postpone(route, at: now) }
        } catch {
            machine.noteSendFailure(route, error.description)
        }
    }
}
