import Administration
import BootMachine
import BootProtocols
import Foundation
import PacketIO
import Registry
import Testing

@testable import perseid

/// Rules of the boot doctor on machines that stop between their address and stage 1's word: real servers, and a client
/// that does the wrong thing or nothing more.
@Suite("BootRules: loader")
struct BootRulesLoaderTests {
    @Test func proxyNoAddress() async throws {
        let clinic = try await Clinic { $0.dhcp = .proxy }
        _ = try clinic.receive(Patient(clinic).message(.discover, by: .rom))
        try clinic.expect("proxy-no-address")
    }

    /// A relay agent of a network that nobody told the server of.
    @Test func noOffer() async throws {
        let clinic = try await Clinic()
        var discover = Patient(clinic).message(.discover, by: .rom)
        discover.relayAddress = IPv4Address(value: 0x0a63_0001)
        #expect(try clinic.receive(discover).isEmpty)
        try clinic.expect("refused")
        try clinic.pass(seconds: 11)
        try clinic.expect("no-offer")
        #expect(try clinic.explanation().steps.first?.detail.contains("relay agent 10.99.0.1") == true, "it says why")
    }

    @Test func noFileAsked() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease()
        try clinic.expect("under-way", "firmware is given some time")
        try clinic.pass(seconds: 21)
        try clinic.expect("no-file-asked")
    }

    @Test func tftpSilent() async throws {
        let clinic = try await Clinic(tftpPatience: 1500)
        var patient = Patient(clinic)
        try patient.lease()
        let client = try TFTPClient(from: patient.address, to: clinic.tftp)
        try client.ask(for: "snponly.efi")
        _ = try await client.packet()
        try await clinic.wait(for: .refused)
        try clinic.expect("tftp-silent")
    }

    @Test func tftpAborted() async throws {
        // However long the test is kept from its turn, the server does not give the client up before it speaks.
        let clinic = try await Clinic(tftpPatience: 600_000)
        var patient = Patient(clinic)
        try patient.lease()
        let client = try TFTPClient(from: patient.address, to: clinic.tftp)
        try client.ask(for: "snponly.efi")
        // The first block and no more: as firmware does that has no room for what it got.
        let port = try await client.packet()
        try client.send(.error(.diskFull, message: "no room"), to: port)
        try await clinic.wait(for: .refused)
        try clinic.expect("tftp-aborted")
        // Another try that succeeds, and its script: no cause of anything any more.
        try await patient.fetch("snponly.efi")
        try patient.lease(as: .ipxe)
        _ = try await patient.script()
        #expect(try clinic.rules().contains("tftp-aborted") == false)
    }

    @Test func scriptStranger() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease(as: .ipxe)
        var stranger = Patient(clinic, mac: MACAddress(value: 0x5254_0099_0001))
        try stranger.lease(as: .ipxe)
        try await stranger.fetch("script/\(patient.mac.joined(by: "-")).ipxe")
        try clinic.expect("script-stranger")
    }

    @Test func loaderNoScript() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease()
        try await patient.fetch("snponly.efi")
        try await clinic.wait(for: .fileSent)
        try clinic.pass(seconds: 31)
        try clinic.expect("loader-no-script")
    }

    @Test func scriptRepeated() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease(as: .ipxe)
        for _ in 0..<4 { _ = try await patient.script() }
        try await clinic.wait(for: .scriptSent, times: 4)
        try clinic.expect("script-repeated")
    }

    @Test func kernelNotFetched() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease(as: .ipxe)
        _ = try await patient.script()
        try await clinic.wait(for: .scriptSent)
        try clinic.pass(seconds: 31)
        try clinic.expect("kernel-not-fetched")
    }

    @Test func initramfsNotFetched() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        try patient.lease(as: .ipxe)
        _ = try await patient.script()
        try await patient.fetch("stage1/vmlinuz")
        // It breaks off: too little memory for both.
        try await patient.fetch("stage1/initramfs.img", atMost: 100)
        try await clinic.wait(for: .fileSent)
        try clinic.pass(seconds: 31)
        try clinic.expect("initramfs-not-fetched")
    }

    @Test func noCheckIn() async throws {
        let clinic = try await Clinic()
        var patient = Patient(clinic)
        _ = try await patient.load()
        try await clinic.wait(for: .fileSent, times: 3)
        try clinic.expect("under-way")
        try clinic.pass(seconds: 61)
        try clinic.expect("no-check-in")
        try clinic.pass(seconds: 400)
        try clinic.expect("no-check-in", "also when the server has given up waiting")
    }
}

/// A TFTP client of one socket, which does what a test has it do.
private final class TFTPClient: Sendable {
    private let socket: UDPSocket
    private let server: IPv4Endpoint

    init(from address: IPv4Address, to server: IPv4Endpoint) throws {
        socket = try UDPSocket(.init(address: address, port: 0))
        self.server = server
    }

    /// As EDK2 asks.
    func ask(for name: String) throws {
        let options: [TFTPOption] = [.init(.blockSize, 1468), .init(.windowSize, 4)]
        try send(.readRequest(TFTPRequest(fileName: name, options: options)), to: server)
    }

    func send(_ packet: TFTPPacket, to port: IPv4Endpoint) throws {
        try socket.send(packet.bytes.span.bytes, to: port)
    }

    /// What the server says next. Answers to it go to the port that it came from.
    func packet() async throws -> IPv4Endpoint {
        for _ in 0..<500 {
            var room = ReceiveBatch(capacity: 1)
            if try socket.receive(into: &room) > 0 {
                return try #require(room.withDatagram(at: 0) { origin, _ in origin.source })
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw CocoaError(.fileReadUnknown)
    }
}
