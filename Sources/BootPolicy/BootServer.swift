public import BootProtocols

/// Where boot files are to be had: this server as its clients name it.
public struct BootServer: Hashable, Sendable {
    public var address: IPv4Address
    /// TCP port of the boot plane's HTTP.
    public var httpPort: UInt16
    /// TCP port of the boot plane under TLS, where firmware's HTTP boot is sent there; nil: it gets plain HTTP.
    public var firmwareHTTPSPort: UInt16?

    public init(address: IPv4Address, httpPort: UInt16, firmwareHTTPSPort: UInt16? = nil) {
        self.address = address
        self.httpPort = httpPort
        self.firmwareHTTPSPort = firmwareHTTPSPort
    }

    /// The URL of a file that lies beneath the TFTP root too. Numeric, since a firmware's DNS is one more thing
    /// that can fail; at most 63 bytes for a script, so it fits `file`.
    public func url(of file: String) -> String { "http://\(address):\(httpPort)/boot/\(file)" }

    /// The URL of a file for a firmware's own HTTP boot (UEFI 2.10, 24.7): by TLS where that is wanted.
    public func firmwareURL(of file: String) -> String {
        firmwareHTTPSPort.map { "https://\(address):\($0)/boot/\(file)" } ?? url(of: file)
    }

    /// `http://SERVER:PORT/boot/script/52-54-00-12-34-56.ipxe`
    public func scriptURL(for mac: MACAddress) -> String { url(of: Self.scriptName(for: mac)) }

    /// The script's name by TFTP, `boot/script/52-54-00-12-34-56.ipxe`: the same path as by HTTP.
    public static func scriptFile(for mac: MACAddress) -> String { "boot/" + scriptName(for: mac) }

    private static func scriptName(for mac: MACAddress) -> String { "script/\(mac.joined(by: "-")).ipxe" }
}
