public import BootProtocols

/// A client that was recognized: what it is, how far its machine has come, and the offer that it needs.
public struct BootClient: Hashable, Sendable {
    /// Which program of one boot is asking.
    public enum Phase: Hashable, Sendable {
        /// What was there at power-on: a ROM or firmware. Its first DISCOVER begins an attempt.
        case firmware
        /// A loader that was fetched: chained iPXE, GRUB.
        case loader
        /// `perseid-agent`.
        case agent
        /// An operating system, or anything else that wants no more than an address.
        case system
    }

    public let traits: ClientTraits
    public let kind: ClientFingerprint.Kind
    public let offer: OfferShape

    /// - Parameter policy: what this server gives to firmware.
    public init(_ traits: ClientTraits, under policy: FirmwarePolicy = FirmwarePolicy()) {
        let row = ClientFingerprint.matching(traits, giving: policy.loader)
        self.traits = traits
        kind = row.kind
        offer = row.offer(having: policy.files)
    }

    /// The sender of a message.
    /// - Parameter wasChained: see `ClientTraits.wasChained`.
    public init(_ message: DHCPMessage, wasChained: Bool, under policy: FirmwarePolicy) {
        let isSetToBINL = policy.binlClients.contains { $0.contains(message.mac) }
        self.init(ClientTraits(message, wasChained: wasChained, isSetToBINL: isSetToBINL), under: policy)
    }

    init(_ traits: ClientTraits, _ kind: ClientFingerprint.Kind, _ offer: OfferShape) {
        self.traits = traits
        self.kind = kind
        self.offer = offer
    }

    public var phase: Phase {
        switch kind {
        case .ipxe: traits.wasChained ? .loader : .firmware
        case .httpFirmware, .pxeFirmware, .biosROM, .raspberryPi, .uBoot: .firmware
        case .grub: .loader
        case .agent: .agent
        case .system: .system
        }
    }

    /// The file that the offer names is a loader which will ask for an address in its turn.
    public var isGivenLoader: Bool {
        switch offer {
        case .loader, .pxeLoader, .binlLoader, .httpLoader: true
        case .address, .nextServer, .scriptByHTTP, .scriptByTFTP, .raspberryPiMenu, .refused: false
        }
    }
}

extension BootClient: CustomStringConvertible {
    /// One line for a timeline: the summary, with the machine's UUID where it has one.
    public var description: String { summary + (traits.machine.map { ", UUID \($0)" } ?? "") }

    /// What kind of client it is: `iPXE 1.0.0 in BIOS (arch 0), ROM`.
    public var summary: String {
        let place = traits.architectures.first.map { " in \($0)" } ?? ""
        return program + place + (kind == .ipxe ? (traits.wasChained ? ", chained" : ", ROM") : "")
    }

    /// The summary in an offer's event.
    public var offerSummary: String {
        if case .binlLoader = offer { return summary + ", to ask on port 4011" }
        return summary
    }

    /// iPXE's version if it says one, else nothing.
    private var version: [String] {
        guard let version = traits.ipxe?.version, !version.isEmpty else { return [] }
        return [version.map(String.init).joined(separator: ".")]
    }

    private var program: String {
        switch kind {
        case .ipxe: (["iPXE"] + version).joined(separator: " ")
        case .httpFirmware: "HTTP boot firmware"
        case .pxeFirmware: "PXE firmware"
        case .biosROM: "PXE ROM"
        case .raspberryPi: "Raspberry Pi ROM"
        case .uBoot: "U-Boot"
        case .grub: "GRUB or another bare client"
        case .agent: "agent" + (traits.vendorClass ?? "").dropFirst(ClientFingerprint.agentVendorClass.count).prefix(32)
        case .system: "DHCP client" + (traits.vendorClass.map { " " + $0.prefix(64) } ?? "")
        }
    }
}
