import BootProtocols
import PacketCapture

/// The DHCP messages that clients sent in `Fixtures/captures/NAME.pcap`, those that were captured whole.
func capturedClients(_ name: String) throws -> [DHCPMessage] {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return try CaptureFile.frames(of: "\(root)/Fixtures/captures/\(name).pcap").compactMap { frame in
        guard let datagram = try? UDPFrame(decoding: frame.bytes), datagram.udp.destinationPort == 67 else {
            return nil
        }
        return try DHCPMessage(decoding: Array(datagram.payload))
    }
}
