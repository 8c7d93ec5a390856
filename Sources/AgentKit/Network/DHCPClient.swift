package import BootProtocols

/// The client's side of DHCP (RFC 2131, 4.4) without sockets and clocks: it says what to send, when to look again,
/// and in the end what the machine got.
package struct DHCPClient: Sendable {
    /// Option 60, by which a server knows this client from boot ROMs and from the runtime OS.
    package static let vendorClass = "perseid-agent"

    package enum Action: Hashable, Sendable {
        /// To 255.255.255.255 port 67, from port 68.
        case broadcast(DHCPMessage)
        /// To port 67 of one server, from the address that is being renewed.
        case unicast(DHCPMessage, to: IPv4Address)
        case bound(DHCPLease)
        /// A line for people.
        case note(String)
        /// No server answered, or none gives this machine an address.
        case gaveUp(String)
    }

    private enum State: Hashable, Sendable {
        case selecting
        case requesting(DHCPMessage)
        case renewing(DHCPLease)
        case finished
    }

    private let mac: MACAddress
    private let transactionID: UInt32
    private let started: Int64
    /// How often a DISCOVER is sent before the client gives up.
    private let discoverLimit: Int
    private var state = State.finished
    private var sent = 0
    /// When to call `timeout`, in milliseconds; nil once it is over.
    package private(set) var deadline: Int64?

    /// - Parameters:
    ///   - transactionID: random.
    ///   - now: milliseconds; `secs` counts from here.
    package init(mac: MACAddress, transactionID: UInt32, now: Int64, discoverLimit: Int = 5) {
        self.mac = mac
        self.transactionID = transactionID
        self.discoverLimit = discoverLimit
        started = now
    }

    /// Asks for an address.
    package mutating func discover(at now: Int64, spread: Double) -> [Action] {
        state = .selecting
        sent = 0
        return send(at: now, spread)
    }

    /// Asks the server of `lease` to let the machine keep it (RFC 2131, 4.4.5).
    package mutating func renew(_ lease: DHCPLease, at now: Int64, spread: Double) -> [Action] {
        state = .renewing(lease)
        sent = 0
        return send(at: now, spread)
    }

    /// The time of `deadline` has come and no answer with it.
    package mutating func timeout(at now: Int64, spread: Double) -> [Action] {
        switch state {
        case .selecting where sent >= discoverLimit:
            return give(up: "no DHCP server answered \(sent) DHCPDISCOVERs in \(seconds(now - started))")
        case .requesting where sent >= 4:
            return [.note("the DHCP server offered an address and then answered no DHCPREQUEST; asking anew")]
                + discover(at: now, spread: spread)
        case .renewing where sent >= 2:
            return give(up: "the DHCP server did not answer the renewal")
        case .finished:
            return []
        default:
            return send(at: now, spread)
        }
    }

    /// A message came in. One that is for another client or another conversation changes nothing.
    package mutating func receive(_ message: DHCPMessage, at now: Int64, spread: Double) -> [Action] {
        guard message.operation == .reply, message.transactionID == transactionID, message.mac == mac else { return [] }
        switch (state, message.options.messageType) {
        case (.selecting, .offer):
            guard message.yourAddress != .any, message.options.serverIdentifier != nil else { return [] }
            state = .requesting(message)
            sent = 0
            return send(at: now, spread)
        case (.requesting, .ack), (.renewing, .ack):
            guard let lease = DHCPLease(acknowledged: message, at: now) else { return [] }
            state = .finished
            deadline = nil
            return [.bound(lease)]
        case (.requesting, .nak):
            let reason = message.options.message.map { ": \($0)" } ?? ""
            // The server changed its mind. One pause before asking anew, or two machines could do this for ever.
            state = .selecting
            deadline = now + 4_000
            return [.note("the DHCP server took its offer back\(reason)")]
        case (.renewing, .nak):
            return give(up: "the DHCP server refused the renewal" + (message.options.message.map { ": \($0)" } ?? ""))
        default:
            return []
        }
    }

    private mutating func give(up reason: String) -> [Action] {
        state = .finished
        deadline = nil
        return [.gaveUp(reason)]
    }

    /// Sends what the state asks for. Waits 4, 8, 16, 32, 64 seconds, each give or take one (RFC 2131, 4.1).
    private mutating func send(at now: Int64, _ spread: Double) -> [Action] {
        let pause = Int64(4_000) << Int64(min(sent, 4))
        deadline = now + pause - 1_000 + Int64(2_000 * min(max(spread, 0), 1))
        sent += 1
        switch state {
        case .selecting:
            return [.broadcast(message(.discover, at: now))]
        case .requesting(let offer):
            var request = message(.request, at: now)
            request.options.requestedAddress = offer.yourAddress
            request.options.serverIdentifier = offer.options.serverIdentifier
            return [.broadcast(request)]
        case .renewing(let lease):
            // RFC 2131, 4.3.2: ciaddr filled in, neither requested address nor server identifier.
            var request = message(.request, at: now)
            request.wantsBroadcast = false
            request.clientAddress = lease.address
            return [.unicast(request, to: lease.server)]
        case .finished:
            return []
        }
    }

    /// The broadcast flag is set: without an address the kernel takes no unicast.
    private func message(_ type: DHCPMessageType, at now: Int64) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: transactionID, mac: mac)
        message.secs = UInt16(clamping: (now - started) / 1000)
        message.wantsBroadcast = true
        message.options.messageType = type
        message.options.vendorClass = Self.vendorClass
        message.options.maximumMessageSize = 1500
        message.options.parameterRequestList = [
            .subnetMask, .router, .domainNameServer, .hostName, .domainName, .broadcastAddress, .leaseTime,
            .renewalTime, .rebindingTime,
        ]
        return message
    }
}
