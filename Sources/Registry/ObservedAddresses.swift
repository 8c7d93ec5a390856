public import BootProtocols

/// The addresses that machines were seen to use, where another server gives them. Each machine has one, each address
/// belongs to one machine: never more entries than machines that were named.
public struct ObservedAddresses: Sendable {
    private var machines: [IPv4Address: MACAddress] = [:]
    private var addresses: [MACAddress: IPv4Address] = [:]

    public init() {}

    /// What was seen last counts.
    public mutating func note(_ address: IPv4Address, of mac: MACAddress) {
        if let former = addresses[mac] { machines[former] = nil }
        if let former = machines[address] { addresses[former] = nil }
        machines[address] = mac
        addresses[mac] = address
    }

    public func machine(at address: IPv4Address) -> MACAddress? { machines[address] }

    public var count: Int { machines.count }
}
