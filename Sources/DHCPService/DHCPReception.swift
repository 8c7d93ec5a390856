import BootMachine
import BootPolicy
import BootProtocols

/// What becomes of a datagram before a role answers it, the same for a DHCP server and for a proxy: it is decoded, and
/// its sender and its conversation are found.
struct DHCPReception: Sendable {
    /// A datagram that was taken in.
    enum Arrival {
        case exchange(DHCPExchange)
        /// Nobody answers it; what is left is to say why.
        case refused([DHCPAction])
    }

    /// What policy says of a MAC; asked once for each message.
    private let verdict: @Sendable (MACAddress) -> NodeVerdict
    private var conversations = ConversationMemory()
    private var strangers = EventBudget()
    /// Messages that were not DHCP requests of Ethernet clients.
    private(set) var malformed = 0

    init(verdict: @escaping @Sendable (MACAddress) -> NodeVerdict) {
        self.verdict = verdict
    }

    /// Takes one datagram's payload. Give the exchange back with `keep`.
    mutating func take(
        _ bytes: [UInt8], from source: IPv4Endpoint, on port: DHCPPort, at now: Int64, under policy: FirmwarePolicy
    ) -> Arrival {
        let message: DHCPMessage
        do throws(DHCPError) {
            message = try Self.decode(bytes)
        } catch {
            malformed += 1
            return .refused(refuseMalformed(bytes, error, at: now))
        }
        guard message.operation == .request, !message.mac.isMulticast, message.mac.value != 0 else {
            malformed += 1
            return .refused(refuseNonsense(message, at: now))
        }
        var exchange = DHCPExchange(
            message: message, source: source, port: port, now: now, verdict: verdict(message.mac), policy: policy)
        (exchange.conversation, exchange.opensConversation) = conversations.conversation(of: message, at: now)
        return .exchange(exchange)
    }

    private static func decode(_ bytes: [UInt8]) throws(DHCPError) -> DHCPMessage {
        do throws(DHCPError) {
            return try DHCPMessage(decoding: bytes)
        } catch {
            guard error == .noMagicCookie else { throw error }
            return try DHCPMessage(decodingBOOTP: bytes)
        }
    }

    /// Remembers what an exchange changed in its conversation.
    mutating func keep(_ exchange: DHCPExchange) {
        conversations.update(exchange.conversation, of: exchange.mac)
    }

    /// The event with the reason for which a message is not answered.
    mutating func refuse(_ exchange: DHCPExchange, _ reason: String) -> [DHCPAction] {
        guard exchange.verdict.isKnown || strangers.take(at: exchange.now) else { return [] }
        return [exchange.event(.refused, reason)]
    }

    /// Whether one more event of this machine may be recorded: of a node always.
    mutating func mayRecord(_ mac: MACAddress, at now: Int64) -> Bool {
        verdict(mac).isKnown || strangers.take(at: now)
    }

    /// A reply that came to a server, or a MAC that no machine has.
    private mutating func refuseNonsense(_ message: DHCPMessage, at now: Int64) -> [DHCPAction] {
        guard !message.mac.isMulticast, message.mac.value != 0, strangers.take(at: now) else { return [] }
        let detail = "a DHCP reply came to the port of servers, from a server that takes this one for a relay agent"
        return [.record(BootEvent(node: message.mac, kind: .refused, at: now, transport: .dhcp, detail: detail))]
    }

    /// A record of a client whose messages cannot be read: else it would look as if it never asked.
    private mutating func refuseMalformed(_ bytes: [UInt8], _ error: DHCPError, at now: Int64) -> [DHCPAction] {
        // op 1, Ethernet, and chaddr at its place (RFC 2131, 2).
        guard bytes.count >= 34, bytes.prefix(3) == [1, 1, 6], let mac = MACAddress(octets: bytes[28..<34]),
            !mac.isMulticast, mac.value != 0, strangers.take(at: now)
        else { return [] }
        return [
            .record(
                BootEvent(
                    node: mac, kind: .refused, at: now, transport: .dhcp, detail: "malformed DHCP message: \(error)"))
        ]
    }
}
