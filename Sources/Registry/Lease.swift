public import BootProtocols

/// An address that a machine holds for a time (RFC 2131, 1.4 and 4.3).
///
/// Keyed by MAC, not by client identifier: ROM, iPXE, stage 1 and the runtime OS of one machine send
/// different identifiers and must share one address.
public struct Lease: Codable, Hashable, Sendable {
    public var mac: MACAddress
    public var address: IPv4Address
    /// Milliseconds since 1970.
    public var expires: Int64

    public init(mac: MACAddress, address: IPv4Address, expires: Int64) {
        self.mac = mac
        self.address = address
        self.expires = expires
    }
}
