/// What PXE puts into option 43 of a client or server whose option 60 begins with `PXEClient`
/// (PXE 2.1, table 2-1). MTFTP's sub-options 1 to 5 are not read: nothing sends them any more.
public struct PXEOptions: Hashable, Sendable {
    /// Sub-option 6: how the client looks for boot servers.
    public struct DiscoveryControl: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        public static let noBroadcast = Self(rawValue: 1)
        public static let noMulticast = Self(rawValue: 2)
        public static let onlyListedServers = Self(rawValue: 4)
        /// Load the boot file of this offer at once, without discovery. EDK2 calls any offer with this
        /// sub-option "PXE 1.0", and asks on port 4011 ("BINL") where it is absent.
        public static let bootFileAtOnce = Self(rawValue: 8)
    }

    /// An entry of sub-option 8.
    public struct BootServer: Hashable, Sendable {
        public var type: UInt16
        public var addresses: [IPv4Address]

        public init(type: UInt16, addresses: [IPv4Address]) {
            self.type = type
            self.addresses = addresses
        }
    }

    /// An entry of sub-option 9. A Raspberry Pi boots only where one reads `Raspberry Pi Boot`.
    public struct MenuEntry: Hashable, Sendable {
        public var type: UInt16
        public var text: String

        public init(type: UInt16, text: String) {
            self.type = type
            self.text = text
        }
    }

    /// Sub-option 10.
    public struct Prompt: Hashable, Sendable {
        /// Seconds until the first entry is taken; 0 at once, 255 never.
        public var timeout: UInt8
        public var text: String

        public init(timeout: UInt8, text: String) {
            self.timeout = timeout
            self.text = text
        }
    }

    /// Sub-option 71: what the client picked.
    public struct BootItem: Hashable, Sendable {
        public var type: UInt16
        public var layer: UInt16

        public init(type: UInt16, layer: UInt16) {
            self.type = type
            self.layer = layer
        }
    }

    public var discoveryControl: DiscoveryControl?
    public var bootServers: [BootServer] = []
    public var menu: [MenuEntry] = []
    public var prompt: Prompt?
    public var bootItem: BootItem?

    public init() {}
}

extension DHCPOptions {
    /// Option 43 as PXE reads it, nil if absent. Only of meaning beside a `PXEClient` option 60: other
    /// clients have other things there.
    public var pxe: PXEOptions? {
        get { self[.vendorSpecific].map(PXEOptions.init(decoding:)) }
        set { self[.vendorSpecific] = newValue?.encoded }
    }
}
