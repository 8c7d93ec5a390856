import BootProtocols
import PacketCapture

/// All frames of `Fixtures/captures/NAME.pcap`.
func capturedFrames(_ name: String) throws -> [CapturedFrame] {
    let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return try CaptureFile.frames(of: "\(root)/Fixtures/captures/\(name).pcap")
}

/// The DHCP messages that clients sent, those that were captured whole.
func capturedClients(_ name: String) throws -> [DHCPMessage] {
    try capturedFrames(name).compactMap { frame in
        guard let datagram = try? UDPFrame(decoding: frame.bytes), datagram.udp.destinationPort == 67 else {
            return nil
        }
        return try DHCPMessage(decoding: Array(datagram.payload))
    }
}
