public import BootProtocols

/// What a fingerprint looks at: all that one DHCP message tells of the program that sent it.
public struct ClientTraits: Hashable, Sendable {
    public var mac: MACAddress
    /// Option 60.
    public var vendorClass: String?
    /// Option 77.
    public var userClasses: [String]
    /// Option 93, or where that is absent what a `PXEClient:Arch:NNNNN:…` in option 60 says.
    public var architectures: [ClientArchitecture]
    /// Option 175.
    public var ipxe: IPXEOptions?
    /// Option 55.
    public var requestedOptions: [DHCPOptionCode]?
    /// Option 97, if it is set.
    public var machine: ClientMachine?
    /// Option 61 is there.
    public var identifiesItself: Bool
    /// We gave this MAC a loader a moment ago, so this is likely that loader. The DHCP server knows.
    public var wasChained: Bool
    /// `FirmwarePolicy.binlClients` names this MAC.
    public var isSetToBINL: Bool

    /// - Parameters: see the properties.
    public init(_ message: DHCPMessage, wasChained: Bool = false, isSetToBINL: Bool = false) {
        let options = message.options
        mac = message.mac
        vendorClass = options.vendorClass
        userClasses = options.userClasses
        architectures = options.clientArchitectures
        if architectures.isEmpty, let named = Self.architecture(in: options.vendorClass) { architectures = [named] }
        ipxe = options.ipxe
        requestedOptions = options.parameterRequestList
        machine = options.clientMachine.flatMap { $0.isUnset ? nil : $0 }
        identifiesItself = options.clientIdentifier != nil
        self.wasChained = wasChained
        self.isSetToBINL = isSetToBINL
    }

    /// PXE 2.1, 2.2.1: `PXEClient:Arch:xxxxx:UNDI:yyyzzz`, decimal.
    private static func architecture(in vendorClass: String?) -> ClientArchitecture? {
        let fields = (vendorClass ?? "").split(separator: ":")
        guard fields.count >= 3, fields[1] == "Arch" else { return nil }
        return UInt16(fields[2]).map(ClientArchitecture.init(rawValue:))
    }
}
