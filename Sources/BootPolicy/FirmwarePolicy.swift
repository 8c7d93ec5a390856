public import BootProtocols

/// What this server gives to firmware, beyond what the fingerprint table says for all.
public struct FirmwarePolicy: Hashable, Sendable {
    /// Which boot program firmware is given first.
    public var loader: BootLoader
    /// Names of the files that lie in the directory of the loaders. Of clients whose loaders no package of the server
    /// brings, only those are answered that find theirs here.
    public var files: Set<String>
    /// Machines whose UEFI asks on port 4011 whatever its offer says ("BINL"), and ignores offers that forbid it.
    public var binlClients: [MACAddressPrefix]

    public init(loader: BootLoader = .ipxe, files: Set<String> = [], binlClients: [MACAddressPrefix] = []) {
        self.loader = loader
        self.files = files
        self.binlClients = binlClients
    }
}
