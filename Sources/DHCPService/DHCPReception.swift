import BootMachine
import BootPolicy
import BootProtocols

/// What becomes of a datagram before a role answers it, the same for a DHCP server and for a proxy: it is decoded, and
/// its sender and its conversation are found.
struct DHCPReception: Sendable {
    /// A datagram that was taken in.
    enum Arrival {
        case exchange(DHCPExchange)
        /// A copy of what was answered, or nothing that anybody answers: this is left to do.
        case settled([DHCPAction])
    }

    /// What policy says of a MAC; asked once for each message.
    private let verdict: @Sendable (MACAddress) -> NodeVerdict
    private var clients = ClientMemory()
    private var recognized = RecognizedClients()
    private var strangers = EventBudget()
    private var floods = FloodReports()
    /// Answers that wait for a lease, counted; and how many of them need not wait any more.
    private(set) var commits: UInt64 = 0
    private var stored: UInt64 = 0
    /// Counts up when all answers are forgotten.
    private var epoch: UInt32 = 0
    /// Messages that were not DHCP requests of Ethernet clients.
    private(set) var malformed = 0

    /// Milliseconds after which a client has asked again: what waited longer is answered there.
    static let patience: Int64 = 4_000

    /// Machines that are remembered.
    var remembered: Int { clients.count }

    init(verdict: @escaping @Sendable (MACAddress) -> NodeVerdict) {
        self.verdict = verdict
    }

    /// Takes one datagram's payload. Give the exchange back with `keep`.
    /// - Parameter waited: milliseconds from its arrival until now.
    mutating func take(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, waited: Int64 = 0,
        under policy: FirmwarePolicy
    ) -> Arrival {
        guard let mac = Self.sender(of: bytes) else { return .settled(refuseUnreadable(bytes, at: now)) }
        var record = clients[mac] ?? ClientRecord()
        // Before anything is decoded: whoever floods costs this look-up.
        guard record.pace.take(at: now) else {
            floods.note(mac, record.pace, at: now)
            clients.keep(record, of: mac)
            return .settled([])
        }
        guard waited <= Self.patience else {
            clients.keep(record, of: mac)
            return .settled(refuseLate(mac, waited, at: now))
        }
        let digest = GivenAnswer.digest(bytes, on: port)
        if let answer = record.answer, answer.epoch == epoch, answer.answers(digest, from: source, at: now) {
            clients.keep(record, of: mac)
            // Where its lease is still on its way to the disk, so is the answer itself.
            return .settled(answer.commit <= stored ? [.send(answer.reply)] : [])
        }
        do throws(DHCPError) {
            let message = try Self.decode(bytes)
            guard message.operation == .request else { return .settled(refuseReply(message, at: now)) }
            let (conversation, isNew) = Conversation.of(message, after: record.conversation, at: now)
            var exchange = DHCPExchange(
                message: message, source: source, port: port, now: now, verdict: verdict(mac),
                client: recognized.client(of: message, wasChained: conversation.isChained, under: policy),
                conversation: conversation, opensConversation: isNew)
            exchange.record = record
            exchange.digest = digest
            return .exchange(exchange)
        } catch {
            clients.keep(record, of: mac)
            return .settled(refuseMalformed(mac, error, at: now))
        }
    }

    /// Whether whoever has this key may send one more message.
    mutating func takePace(of key: MACAddress, at now: Int64) -> Bool {
        var record = clients[key] ?? ClientRecord()
        defer { clients.keep(record, of: key) }
        return record.pace.take(at: now)
    }

    /// Remembers what an exchange changed in its conversation, and how it was answered.
    mutating func keep(_ exchange: DHCPExchange, answeredBy actions: [DHCPAction] = []) {
        var record = exchange.record
        record.conversation = exchange.conversation
        record.answer = nil
        var only: DHCPReply?
        var replies = 0
        var waits = false
        for action in actions {
            switch action {
            case .commit: waits = true
            case .send(let reply):
                only = reply
                replies += 1
            case .record, .probe, .observe: break
            }
        }
        if waits { commits += 1 }
        if let reply = only, replies == 1 {
            record.answer = GivenAnswer(
                reply, to: exchange.digest, from: exchange.source, at: exchange.now, after: waits ? commits : 0,
                epoch: epoch)
        }
        clients.keep(record, of: exchange.mac)
    }

    // MARK: - Copies

    /// The answers up to this count of `commits` are on stable storage, and may be given again.
    mutating func committed(through count: UInt64) { stored = max(stored, count) }

    /// Forgets all answers: a lease could not be stored, or other settings hold.
    mutating func forgetAnswers() { epoch &+= 1 }

    mutating func forgetAnswer(to mac: MACAddress) { clients.forgetAnswer(to: mac) }

    // MARK: - What is not answered

    /// The event with the reason for which a message is not answered.
    mutating func refuse(_ exchange: DHCPExchange, _ reason: String) -> [DHCPAction] {
        guard exchange.verdict.isKnown || strangers.take(at: exchange.now) else { return [] }
        return [exchange.event(.refused, reason)]
    }

    /// Whether one more event of this machine may be recorded: of a node always.
    mutating func mayRecord(_ mac: MACAddress, at now: Int64) -> Bool {
        verdict(mac).isKnown || strangers.take(at: now)
    }

    /// The events of machines whose messages were dropped for being too many. To be asked before each message.
    mutating func floodReports(at now: Int64) -> [DHCPAction] {
        guard floods.areDue(at: now) else { return [] }
        var actions: [DHCPAction] = []
        for mac in floods.takeDue(at: now) {
            guard var record = clients[mac], let report = record.pace.takeReport(at: now) else { continue }
            clients.keep(record, of: mac)
            let seconds = max(1, (now - report.since + 999) / 1000)
            actions += refusal(
                of: mac, at: now,
                "\(report.dropped) messages within \(seconds) s were dropped: a machine may send \(ClientPace.burst) at once "
                    + "and \(ClientPace.rate) a second")
        }
        return actions
    }

    private mutating func refuseLate(_ mac: MACAddress, _ waited: Int64, at now: Int64) -> [DHCPAction] {
        refusal(
            of: mac, at: now,
            "a message waited \(waited / 1000) s for the server, and is left unanswered: its sender has asked again")
    }

    private mutating func refuseMalformed(_ mac: MACAddress, _ error: DHCPError, at now: Int64) -> [DHCPAction] {
        malformed += 1
        return refusal(of: mac, at: now, "malformed DHCP message: \(error)")
    }

    /// A reply that came to a server.
    private mutating func refuseReply(_ message: DHCPMessage, at now: Int64) -> [DHCPAction] {
        malformed += 1
        return refusal(
            of: message.mac, at: now,
            "a DHCP reply came to the port of servers, from a server that takes this one for a relay agent")
    }

    /// A message that names no machine of which there could be a record.
    private mutating func refuseUnreadable(_ bytes: [UInt8], at now: Int64) -> [DHCPAction] {
        malformed += 1
        return []
    }

    private mutating func refusal(of mac: MACAddress, at now: Int64, _ detail: String) -> [DHCPAction] {
        guard mayRecord(mac, at: now) else { return [] }
        return [.record(BootEvent(node: mac, kind: .refused, at: now, transport: .dhcp, detail: detail))]
    }

    /// `chaddr`, where the message is of an Ethernet machine (RFC 2131, 2).
    private static func sender(of bytes: [UInt8]) -> MACAddress? {
        guard bytes.count >= 34, bytes[1] == 1, bytes[2] == 6 else { return nil }
        var value: UInt64 = 0
        for octet in bytes[28..<34] { value = value << 8 | UInt64(octet) }
        let mac = MACAddress(value: value)
        return mac.isMulticast || value == 0 ? nil : mac
    }

    private static func decode(_ bytes: [UInt8]) throws(DHCPError) -> DHCPMessage {
        do throws(DHCPError) {
            return try DHCPMessage(decoding: bytes)
        } catch {
            guard error == .noMagicCookie else { throw error }
            return try DHCPMessage(decodingBOOTP: bytes)
        }
    }
}
