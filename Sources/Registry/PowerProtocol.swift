/// How a BMC is spoken to.
public enum PowerProtocol: String, Codable, CaseIterable, Hashable, Sendable {
    /// IPMI 2.0 over LAN (RMCP+), by ipmitool.
    case ipmi
    /// Redfish (DMTF DSP0266) over HTTPS; the certificate has to be one that this host trusts.
    case redfish
    /// Redfish over HTTPS with whatever certificate: most BMCs come with one of their own making. Who sits between server
    /// and BMC can read the password.
    case redfishUnverified = "redfish-unverified"
    /// Redfish over HTTP, for a BMC on the same host: an emulator.
    case redfishPlain = "redfish-plain"
}
