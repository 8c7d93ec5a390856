import BootProtocols
import PacketCapture

/// The captures of `Fixtures/captures`, by name.
enum CaptureFixtures {
    static let names = [
        "bios-e1000-pxelinux", "bios-virtio-ipxe", "uefi-edk2-http", "uefi-edk2-pxe-ipxe",
        "uefi-edk2-tftp-lockstep", "uefi-secureboot-shim-grub",
    ]

    static func path(_ name: String) -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return root.joined(separator: "/") + "/Fixtures/captures/\(name).pcap"
    }

    static func frames(_ name: String) throws -> [CapturedFrame] {
        try CaptureFile.frames(of: path(name))
    }

    /// The payloads of a capture's datagrams to `port` that were captured whole.
    static func payloads(_ name: String, to port: UInt16) throws -> [[UInt8]] {
        try frames(name).compactMap { frame in
            guard let datagram = try? UDPFrame(decoding: frame.bytes), datagram.udp.destinationPort == port else {
                return nil
            }
            return Array(datagram.payload)
        }
    }

    /// Every DHCP payload of every capture, of clients and of the server.
    static func allDHCPPayloads() throws -> [[UInt8]] {
        try names.flatMap { try payloads($0, to: 67) + payloads($0, to: 68) }
    }
}
