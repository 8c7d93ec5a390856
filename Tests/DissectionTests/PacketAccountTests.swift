import BootProtocols
import Foundation
import PacketCapture
import Testing

@testable import Dissection

struct PacketAccountTests {
    private static func accounts(_ name: String) throws -> [PacketAccount] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try CaptureFile.frames(of: root.path + "/Fixtures/captures/\(name).pcap").compactMap {
            PacketAccount($0)
        }
    }

    @Test("a captured boot reads from DISCOVER to ACK, client, server and files by name")
    func capturedBoot() throws {
        let accounts = try Self.accounts("uefi-edk2-pxe-ipxe")
        #expect(accounts.compactMap(\.dhcp?.type).prefix(4) == ["DHCPDISCOVER", "DHCPOFFER", "DHCPREQUEST", "DHCPACK"])
        let discover = try #require(accounts.first { $0.dhcp?.type == "DHCPDISCOVER" })
        #expect(discover.dhcp?.client == "PXE firmware in x64 UEFI (arch 7)")
        #expect(discover.text.contains(" 93 Client System Architecture: x64 UEFI (arch 7)"))
        #expect(discover.text.contains(" 60 Vendor Class Identifier: PXEClient:Arch:00007"))
        let offer = try #require(accounts.first { $0.dhcp?.type == "DHCPOFFER" })
        #expect(offer.summary.contains("by 10.77.0.1"))
        #expect(accounts.contains { $0.summary.hasPrefix("TFTP RRQ") && $0.summary.contains("tsize=0") })
    }

    @Test(
        "every capture of a real client reads without a problem",
        arguments: [
            "bios-e1000-pxelinux", "bios-virtio-ipxe", "uefi-edk2-http", "uefi-edk2-pxe-ipxe",
            "uefi-secureboot-shim-grub",
        ])
    func allCaptures(name: String) throws {
        let accounts = try Self.accounts(name)
        #expect(accounts.count > 4)
        #expect(accounts.allSatisfy { $0.problem == nil && !$0.summary.isEmpty })
        // No option of a real client is without a name.
        let unnamed = accounts.flatMap { $0.dhcp?.options ?? [] }.filter { $0.name == "Unknown" }
        #expect(unnamed.isEmpty, "\(unnamed)")
    }

    /// A frame with this reply, decoded again.
    private func account(_ fill: (inout DHCPMessage) -> Void) throws -> PacketAccount {
        var message = DHCPMessage(.reply, transactionID: 1, mac: MACAddress(value: 0x5254_0012_3456))
        message.options.messageType = .offer
        message.options.serverIdentifier = IPv4Address(value: 0x0a00_0001)
        fill(&message)
        let frame = try UDPFrame(
            from: IPv4Endpoint(IPv4Address(value: 0x0a00_0001), port: 67), at: MACAddress(value: 2),
            to: IPv4Endpoint(.broadcast, port: 68), at: .broadcast, payload: message.encoded()
        ).bytes
        return try #require(PacketAccount(CapturedFrame(timestamp: 0, bytes: frame, originalLength: frame.count)))
    }

    @Test("what a stranger writes steers no terminal and forges no line")
    func controlCharacters() throws {
        var message = DHCPMessage(.request, transactionID: 1, mac: MACAddress(value: 0x5254_0012_3456))
        message.options.messageType = .discover
        message.options.vendorClass = "a\u{1b}[2J\nb\t"
        message.options.hostName = "x\u{9b}31m\r"
        message.bootFile = "\u{7f}\u{8}"
        let frame = try UDPFrame(
            from: IPv4Endpoint(.any, port: 68), at: message.mac, to: IPv4Endpoint(.broadcast, port: 67), at: .broadcast,
            payload: message.encoded()
        ).bytes
        let account = try #require(
            PacketAccount(CapturedFrame(timestamp: 0, bytes: frame, originalLength: frame.count)))
        #expect(account.summary.hasSuffix("DHCP client a\u{fffd}[2J\u{fffd}b\u{fffd}"))
        #expect(account.dhcp?.client == "DHCP client a\u{fffd}[2J\u{fffd}b\u{fffd}")
        let text = account.text.unicodeScalars.filter { $0 != "\n" }
        #expect(!text.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) })
    }

    @Test("60 without 43 is named with what it does to UEFI; with 43.6 it is none")
    func sixtyWithout43() throws {
        func quirks(_ pxe: PXEOptions?) throws -> [String] {
            try account { message in
                message.options.vendorClass = "PXEClient"
                message.bootFile = "snponly.efi"
                message.nextServer = IPv4Address(value: 0x0a00_0001)
                message.options.pxe = pxe
            }.dhcp?.quirks ?? []
        }
        #expect(try quirks(nil).contains { $0.hasPrefix("60 without 43") })
        var pxe = PXEOptions()
        pxe.discoveryControl = .bootFileAtOnce
        #expect(try quirks(pxe).isEmpty)
    }

    @Test("an offer with a file and no server to fetch it from is odd; one that only gives an address is not")
    func noNextServer() throws {
        let offer = try account { $0.bootFile = "undionly.kpxe" }
        #expect(offer.dhcp?.quirks.contains { $0.contains("no next server") } == true)
        #expect(try account { $0.yourAddress = IPv4Address(value: 0x0a00_0007) }.dhcp?.quirks == [])
    }

    @Test("text from the network cannot write to a terminal, and a value of the wrong form stands in hex")
    func hostileText() throws {
        let account = try account { message in
            message.options.hostName = "a\u{1b}[2Jb"
            message.options[DHCPOptionCode(rawValue: 1)] = [1, 2, 3]
        }
        #expect(!account.text.unicodeScalars.contains { $0.value == 0x1b })
        #expect(account.text.contains("1 Subnet Mask: 010203"))
    }

    @Test("any prefix and any change of a frame is told without a trap")
    func hostileFrames() throws {
        var random = SystemRandomNumberGenerator()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        for frame in try CaptureFile.frames(of: root.path + "/Fixtures/captures/uefi-edk2-pxe-ipxe.pcap").prefix(8) {
            for count in 0..<frame.bytes.count {
                let cut = CapturedFrame(
                    timestamp: 0, bytes: Array(frame.bytes.prefix(count)), originalLength: frame.bytes.count)
                _ = PacketAccount(cut)?.text
            }
            for _ in 0..<500 {
                var changed = frame
                for _ in 0..<4 {
                    changed.bytes[Int.random(in: 0..<frame.bytes.count, using: &random)] = .random(in: 0...255)
                }
                _ = PacketAccount(changed)?.text
            }
        }
    }
}
