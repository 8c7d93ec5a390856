public import BootProtocols

/// A statement about a client, as data: the fingerprint table is made of these.
public indirect enum ClientCondition: Hashable, Sendable {
    /// Option 60 begins with this.
    case vendorClass(prefix: String)
    /// Option 77 has this class.
    case userClass(String)
    /// Option 175 is there: iPXE, or gPXE before it.
    case sendsIPXEOptions
    /// Option 175 lists this feature.
    case ipxeFeature(IPXEOptions.Feature)
    /// We gave it a loader a moment ago.
    case wasChained
    /// Option 93 (or 60) names one of these.
    case architecture(Set<ClientArchitecture>)
    /// Option 93 (or 60) is there and names none of these.
    case architectureOutside(Set<ClientArchitecture>)
    /// The MAC's first three octets are one of these.
    case vendorPrefix(Set<UInt32>)
    /// Option 97 begins with these bytes after its type.
    case machine(prefix: [UInt8])
    /// The server's settings say so of this MAC.
    case isSetToBINL
    /// Option 55 is exactly this list.
    case requests([UInt8])
    /// Option 55 has one of these in it.
    case requestsAny(of: Set<UInt8>)
    /// Options 55, 60 and 61 are all absent.
    case saysNothing
    case any([ClientCondition])
    case all([ClientCondition])
    case not(ClientCondition)

    /// Whether the statement is true of a client.
    public func holds(for client: ClientTraits) -> Bool {
        switch self {
        case .vendorClass(let prefix): client.vendorClass?.hasPrefix(prefix) ?? false
        case .userClass(let name): client.userClasses.contains(name)
        case .sendsIPXEOptions: client.ipxe != nil
        case .ipxeFeature(let feature): client.ipxe?.features.contains(feature) ?? false
        case .wasChained: client.wasChained
        case .architecture(let set): client.architectures.contains { set.contains($0) }
        case .architectureOutside(let set):
            !client.architectures.isEmpty && !client.architectures.contains { set.contains($0) }
        case .vendorPrefix(let set): set.contains(UInt32(truncatingIfNeeded: client.mac.value >> 24))
        case .machine(let prefix): client.machine?.bytes.starts(with: prefix) ?? false
        case .isSetToBINL: client.isSetToBINL
        case .requestsAny(let codes): client.requestedOptions?.contains { codes.contains($0.rawValue) } ?? false
        case .requests(let codes): client.requestedOptions?.map(\.rawValue) == codes
        case .saysNothing: client.vendorClass == nil && client.requestedOptions == nil && !client.identifiesItself
        case .any(let conditions): conditions.contains { $0.holds(for: client) }
        case .all(let conditions): conditions.allSatisfy { $0.holds(for: client) }
        case .not(let condition): !condition.holds(for: client)
        }
    }
}
