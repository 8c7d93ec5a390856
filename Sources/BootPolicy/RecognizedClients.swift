public import BootProtocols

/// The clients that were recognized last, so that a storm of like machines is looked up in the fingerprint table once.
///
/// What a row of the table can look at is the key: two messages that agree in all of it are of one kind of client and
/// need one offer. Bounded: whoever sends ever other options costs a walk through the table each.
public struct RecognizedClients: Sendable {
    private struct Entry: Sendable {
        var key: [UInt8]
        var policy: FirmwarePolicy
        var client: BootClient
    }

    private static let capacity = 16
    private var entries: [Entry] = []
    /// The entry that gives way next.
    private var oldest = 0
    /// Reused from message to message.
    private var key: [UInt8] = []

    public init() {}

    /// The sender of a message; see `BootClient.init`.
    public mutating func client(
        of message: DHCPMessage, wasChained: Bool = false, under policy: FirmwarePolicy = FirmwarePolicy()
    ) -> BootClient {
        writeKey(of: message, wasChained: wasChained, policy)
        // By index: an entry is not copied out to be looked at.
        for index in entries.indices where entries[index].key == key && entries[index].policy == policy {
            return BootClient(like: entries[index].client, message)
        }
        let client = BootClient(message, wasChained: wasChained, under: policy)
        let entry = Entry(key: key, policy: policy, client: client)
        if entries.count < Self.capacity {
            entries.append(entry)
        } else {
            entries[oldest] = entry
            oldest = (oldest + 1) % Self.capacity
        }
        return client
    }

    /// Bytes of option 97 behind its type that a row of the table may look at.
    static let machinePrefix = 4

    private mutating func writeKey(of message: DHCPMessage, wasChained: Bool, _ policy: FirmwarePolicy) {
        key.removeAll(keepingCapacity: true)
        let options = message.options
        for code in Self.codes {
            guard let value = options[code] else {
                key.append(0)
                continue
            }
            key.append(1)
            // Two bytes: a split option is longer than 255 (RFC 3396).
            key.append(UInt8(truncatingIfNeeded: value.count >> 8))
            key.append(UInt8(truncatingIfNeeded: value.count))
            key.append(contentsOf: value)
        }
        key.append(options.clientIdentifier == nil ? 0 : 1)
        for shift in [40, 32, 24] as [UInt64] { key.append(UInt8(truncatingIfNeeded: message.mac.value >> shift)) }
        if let machine = options.clientMachine, !machine.isUnset {
            key.append(1)
            key.append(contentsOf: machine.bytes.prefix(Self.machinePrefix))
        } else {
            key.append(0)
        }
        key.append(wasChained ? 1 : 0)
        key.append(policy.binlClients.contains { $0.contains(message.mac) } ? 1 : 0)
    }

    private static let codes: [DHCPOptionCode] = [
        .vendorClass, .userClass, .clientArchitecture, .ipxe, .parameterRequestList,
    ]
}

extension BootClient {
    /// The sender of `message`, known to be of the same kind as `other`.
    fileprivate init(like other: BootClient, _ message: DHCPMessage) {
        var traits = other.traits
        traits.mac = message.mac
        traits.machine = message.options.clientMachine.flatMap { $0.isUnset ? nil : $0 }
        self.init(traits, other.kind, other.offer)
    }
}
