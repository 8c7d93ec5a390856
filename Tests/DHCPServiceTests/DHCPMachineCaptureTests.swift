import BootMachine
import BootProtocols
import PacketCapture
import Registry
import Testing

@testable import DHCPService

/// Plays the clients of the captures and looks at each answer as its client decodes it.
@Suite("DHCPMachine: captured clients")
struct DHCPMachineCaptureTests {
    /// A server whose only address is the one that the captured client was given, so that its REQUESTs fit.
    private func server(_ only: String) throws -> PlayedServer {
        try PlayedServer(pool: "\(only)-\(only)")
    }

    /// What every offer and ACK holds, whatever the client.
    private func expectLease(
        _ reply: DHCPMessage, _ type: DHCPMessageType, to request: DHCPMessage, _ address: String
    ) throws {
        #expect(reply.operation == .reply)
        #expect(reply.transactionID == request.transactionID)
        #expect(reply.mac == request.mac)
        #expect(reply.flags == request.flags)
        #expect(reply.secs == 0 && reply.hops == 0)
        #expect(reply.clientAddress == .any && reply.relayAddress == .any)
        #expect(reply.yourAddress.description == address)
        #expect(reply.options.messageType == type)
        #expect(reply.options.serverIdentifier?.description == "10.77.0.1")
        #expect(reply.options.leaseTime == 3600)
        #expect(reply.options.renewalTime == 1800)
        #expect(reply.options.rebindingTime == 3150)
        #expect(reply.options.subnetMask?.description == "255.255.255.0")
        #expect(reply.options.broadcastAddress?.description == "10.77.0.255")
        #expect(reply.options.routers.map(\.description) == ["10.77.0.254"])
        #expect(reply.options.domainNameServers.map(\.description) == ["10.77.0.53"])
        #expect(reply.options.domainName == "cluster.example")
        #expect(reply.options.hostName == nil)
        #expect(reply.options.clientMachine?.isUnset == true)
        #expect(reply.options[.clientIdentifier] == request.options[.clientIdentifier])
        #expect(reply.options[.overload] == nil)
    }

    private func expectFile(_ reply: DHCPMessage, _ file: String) {
        #expect(reply.nextServer.description == "10.77.0.1")
        #expect(reply.serverName == "10.77.0.1")
        #expect(reply.bootFile == file)
        #expect(reply.options.tftpServerName == "10.77.0.1")
        #expect(reply.options.bootFileName == file)
    }

    private func expectScript(_ reply: DHCPMessage) {
        expectFile(reply, "http://10.77.0.1:8987/boot/script/\(reply.mac.joined(by: "-")).ipxe")
        #expect(reply.options[.ipxe] == [176, 1, 1, 255])
        #expect(reply.options.vendorClass == nil && reply.options.pxe == nil)
    }

    /// One conversation: DISCOVERs with the same answer, then the REQUEST and its ACK.
    private func play(
        _ messages: some Collection<DHCPMessage>, on server: inout PlayedServer, _ address: String,
        firstEvents: [BootEvent.Kind], expectBoot: (DHCPMessage) -> Void
    ) throws -> [BootEvent] {
        var events: [BootEvent] = []
        for (number, message) in messages.enumerated() {
            server.now += 1000
            let outcome = try server.receive(message)
            let reply = try outcome.message()
            #expect(outcome.replies[0].source == .server)
            #expect(outcome.replies[0].bytes.count >= 300 && outcome.replies[0].bytes.count <= 1444)
            #expect(
                outcome.replies[0].destination
                    == (message.wantsBroadcast ? .broadcast : .link(message.mac, reply.yourAddress)))
            let isRequest = message.options.messageType == .request
            try expectLease(reply, isRequest ? .ack : .offer, to: message, address)
            expectBoot(reply)
            if isRequest {
                let lease = Lease(mac: message.mac, address: reply.yourAddress, expires: server.now + 3_600_000)
                #expect(outcome.actions.first == .commit(lease))
                #expect(outcome.events.map(\.kind) == [.leased])
            } else {
                #expect(outcome.leases.isEmpty)
                #expect(outcome.events.map(\.kind) == (number == 0 ? firstEvents : []))
            }
            events += outcome.events
        }
        return events
    }

    @Test(
        "SeaBIOS's iPXE ROM: the script at once",
        arguments: [("bios-e1000-pxelinux", "10.77.0.55"), ("bios-virtio-ipxe", "10.77.0.56")])
    func biosROM(name: String, address: String) throws {
        var server = try server(address)
        let events = try play(
            capturedClients(name), on: &server, address, firstEvents: [.discovered, .offered],
            expectBoot: expectScript)
        #expect(
            events.map(\.detail) == [
                "iPXE 1.0.0 in BIOS (arch 0), ROM", "\(address) to iPXE 1.0.0 in BIOS (arch 0), ROM",
                "\(address) to iPXE 1.0.0 in BIOS (arch 0), ROM",
            ])
        #expect(events.map(\.transport) == [.dhcp, .dhcp, .dhcp])
        #expect(events[0].bytes == nil)
        #expect(events[1].bytes == events[2].bytes && events[1].bytes ?? 0 >= 300)
    }

    @Test("OVMF's PXE stack gets snponly.efi, and the iPXE that it chains the script, on the same address")
    func uefiPXE() throws {
        let messages = try capturedClients("uefi-edk2-pxe-ipxe")
        var server = try server("10.77.0.57")
        let firmware = try play(
            messages.prefix(2), on: &server, "10.77.0.57", firstEvents: [.discovered, .offered]
        ) { reply in
            expectFile(reply, "snponly.efi")
            #expect(reply.options.vendorClass == "PXEClient")
            #expect(reply.options[.vendorSpecific] == [6, 1, 8, 255])
            #expect(reply.options.ipxe == nil)
        }
        #expect(firmware.first?.detail == "PXE firmware in x64 UEFI (arch 7)")
        server.now += 7000
        let loader = try play(
            messages.dropFirst(2), on: &server, "10.77.0.57", firstEvents: [.offered], expectBoot: expectScript)
        #expect(loader.last?.detail == "10.77.0.57 to iPXE 1.0.0 in x64 UEFI (arch 7), chained")
    }

    @Test("OVMF's HTTP boot gets a URL, and the iPXE that it chains the script, on the same address")
    func uefiHTTP() throws {
        let messages = try capturedClients("uefi-edk2-http")
        var server = try server("10.77.0.58")
        let firmware = try play(
            messages.prefix(2), on: &server, "10.77.0.58", firstEvents: [.discovered, .offered]
        ) { reply in
            expectFile(reply, "http://10.77.0.1:8987/boot/snponly.efi")
            #expect(reply.options.vendorClass == "HTTPClient")
            #expect(reply.options.pxe == nil && reply.options.ipxe == nil)
        }
        #expect(firmware.first?.detail == "HTTP boot firmware in x64 UEFI HTTP (arch 16)")
        server.now += 7000
        _ = try play(
            messages.dropFirst(2), on: &server, "10.77.0.58", firstEvents: [.offered], expectBoot: expectScript)
    }

    @Test("OVMF under Secure Boot asks as any PXE stack does; shim and GRUB then go by its ACK")
    func secureBoot() throws {
        var server = try server("10.77.0.60")
        let messages = try capturedClients("uefi-secureboot-shim-grub")
        #expect(messages.count == 2)
        _ = try play(messages, on: &server, "10.77.0.60", firstEvents: [.discovered, .offered]) { reply in
            expectFile(reply, "snponly.efi")
            #expect(reply.options[.vendorSpecific] == [6, 1, 8, 255])
        }
    }

    @Test("the capture that was cut at 120 bytes: no answer to half a message, and the reason on record")
    func lockstep() throws {
        #expect(try capturedClients("uefi-edk2-tftp-lockstep").isEmpty)
        let frame = try #require(capturedFrames("uefi-edk2-tftp-lockstep").first)
        #expect(throws: FrameError.self) { try UDPFrame(decoding: frame.bytes) }
        var server = try server("10.77.0.59")
        let actions = server.machine.receive(
            Array(frame.bytes.dropFirst(42)), from: IPv4Endpoint(.any, port: 68), on: .server, at: server.now)
        let events = PlayedServer.Outcome(actions: actions).events
        #expect(actions.count == 1)
        #expect(events.first?.kind == .refused)
        #expect(events.first?.node.description == "52:54:00:00:01:05")
        #expect(
            events.first?.detail
                == "malformed DHCP message: 78 bytes are too few for a DHCP message, which has at least 240")
        #expect(server.machine.malformed == 1)
    }
}
