/// What iPXE puts into option 175, its own space of options (iPXE's `dhcp.h`; RFC 3942 lists the number).
public struct IPXEOptions: Hashable, Sendable {
    /// A protocol or image format that was built in, named by its sub-option.
    public enum Feature: UInt8, CaseIterable, Hashable, Sendable {
        case pxeExtensions = 16
        case iscsi, aoe, http, https, tftp, ftp, dns, bzImage, multiboot, slam, srp
        case nbi = 32
        case pxe, elf, comboot, efi, fcoe, vlan, menu, sdi, nfs
    }

    public var features: Set<Feature> = []
    /// Sub-option 235: major, minor, patch; `1.0.0` of builds before 1.20.
    public var version: [UInt8] = []
    /// Sub-option 177: bus type, vendor and device of the network card.
    public var busIdentifier: ArraySlice<UInt8>?
    /// Sub-option 176, of a server: true spares the client its wait of 2 s for a proxy offer.
    public var skipsProxyWait = false

    public init() {}

    /// Reads the sub-options that are whole; features that are unknown are passed over.
    init(decoding bytes: ArraySlice<UInt8>) {
        let options = EncapsulatedOptions(bytes)
        for option in options.options {
            guard let feature = Feature(rawValue: option.code), let flag = option.value.first else { continue }
            if flag != 0 { features.insert(feature) }
        }
        version = options[235].map(Array.init) ?? []
        busIdentifier = options[177]
        skipsProxyWait = options[176].map { $0.contains { $0 != 0 } } ?? false
    }

    var encoded: ArraySlice<UInt8> {
        var options = EncapsulatedOptions()
        if let busIdentifier { options.append(177, busIdentifier) }
        if !version.isEmpty { options.append(235, version[...]) }
        for feature in features.sorted(by: { $0.rawValue < $1.rawValue }) { options.append(feature.rawValue, [1]) }
        if skipsProxyWait { options.append(176, [1]) }
        return options.bytes
    }
}

extension DHCPOptions {
    /// Option 175, nil if absent. Its presence tells iPXE, whatever the architecture.
    public var ipxe: IPXEOptions? {
        get { self[.ipxe].map(IPXEOptions.init(decoding:)) }
        set { self[.ipxe] = newValue?.encoded }
    }
}
