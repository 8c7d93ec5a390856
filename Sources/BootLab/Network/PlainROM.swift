internal import BootProtocols

/// Makes the iPXE that is QEMU's option ROM look like the PXE ROM of a network card, of which Debian has none: takes
/// what tells iPXE out of its DHCP messages (options 77 and 175), until it has asked for a loader.
///
/// What follows comes from that loader and goes through as it is.
struct PlainROM: Sendable {
    private(set) var isOver = false

    /// The frame as a plain ROM would have sent it.
    mutating func pass(_ frame: [UInt8]) -> [UInt8] {
        guard !isOver, let datagram = try? UDPFrame(decoding: frame) else { return frame }
        switch datagram.udp.destinationPort {
        case 69: isOver = true
        case 67, 4011: return plain(datagram) ?? frame
        default: break
        }
        return frame
    }

    private func plain(_ datagram: UDPFrame) -> [UInt8]? {
        guard var message = try? DHCPMessage(decoding: Array(datagram.payload)) else { return nil }
        message.options[.userClass] = nil
        message.options[.ipxe] = nil
        guard let payload = try? message.encoded(),
            let plain = try? UDPFrame(
                from: IPv4Endpoint(datagram.ip.source, port: datagram.udp.sourcePort), at: datagram.ethernet.source,
                to: IPv4Endpoint(datagram.ip.destination, port: datagram.udp.destinationPort),
                at: datagram.ethernet.destination, payload: payload)
        else { return nil }
        return plain.bytes
    }
}
