import BootProtocols

/// Which program of a boot the simulated nodes are: what their messages have in them.
public enum ClientShape: String, CaseIterable, Hashable, Sendable {
    /// A DHCP client of an operating system.
    case system
    /// A network card's PXE ROM on a BIOS machine (PXE 2.1, 2.2).
    case pxe
    /// iPXE, with its encapsulated options.
    case ipxe

    /// A DISCOVER or REQUEST of this shape, with zeros where each node has its own: MAC, transaction ID, addresses.
    func message(_ type: DHCPMessageType) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: 0, mac: MACAddress(value: 0))
        message.options.messageType = type
        switch self {
        case .system: message.options[.clientIdentifier] = [1, 0, 0, 0, 0, 0, 0]
        case .pxe, .ipxe: addFirmwareOptions(to: &message.options)
        }
        message.options[.parameterRequestList] = requestedOptions[...]
        if self == .ipxe { addOwnOptions(to: &message.options) }
        return message
    }

    /// Boot clients need a file; an ACK without one is a wrong answer.
    var bootsFromAnswer: Bool { self != .system }

    /// How long a node waits for an answer, in seconds, before each repetition.
    public var patience: [Double] {
        switch self {
        // RFC 2131, 4.1.
        case .system: [4, 8, 16, 32, 64]
        // PXE 2.1, 2.2.3.
        case .pxe: [4, 8, 16, 32]
        // iPXE doubles from 1 s up to 10 s.
        case .ipxe: [1, 2, 4, 8, 10, 10, 10]
        }
    }

    private func addFirmwareOptions(to options: inout DHCPOptions) {
        options[.maximumMessageSize] = [0x05, 0xc0]
        options[.clientArchitecture] = [0, 0]
        options[.clientNetworkInterface] = [1, 2, 1]
        options[.vendorClass] = Array("PXEClient:Arch:00000:UNDI:002001".utf8)[...]
        // Type 0 and a UUID whose last six octets are the node's MAC.
        options[.clientMachine] = [0] + Array(repeating: 0x53, count: 10)[...] + Array(repeating: 0, count: 6)
    }

    private func addOwnOptions(to options: inout DHCPOptions) {
        options[.userClass] = Array("iPXE".utf8)[...]
        options[.clientIdentifier] = [1, 0, 0, 0, 0, 0, 0]
        // PCI NIC, version 1.21.1; features: PXE extensions, HTTP, DNS, TFTP, bzImage.
        options[.ipxe] = [
            177, 5, 1, 0x80, 0x86, 0x10, 0x0e, 235, 3, 1, 21, 1, 16, 1, 2, 19, 1, 1, 23, 1, 1, 21, 1, 1, 24, 1, 1,
        ]
    }

    private var requestedOptions: [UInt8] {
        switch self {
        case .system: [1, 28, 2, 3, 15, 6, 12]
        case .pxe: [1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97]
        case .ipxe: [1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203]
        }
    }
}
