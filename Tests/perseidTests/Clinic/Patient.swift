import BootMachine
import BootProtocols
import CLinux
import CapsuleFormat
import DHCPService
import Foundation
import Glibc
import PacketIO
import Registry
import Testing

@testable import AgentKit
@testable import perseid

/// A machine that boots from a clinic's servers, as far as its test lets it. What it says is what real programs say:
/// a UEFI ROM's and iPXE's options, requests as they stand on the wire, and stage 1's own code.
struct Patient {
    let clinic: Clinic
    let mac: MACAddress
    /// Which DHCP gave it.
    private(set) var address = IPv4Address.any
    private var transaction: UInt32 = 0x1000_0001

    init(_ clinic: Clinic, mac: MACAddress = Clinic.mac) {
        self.clinic = clinic
        self.mac = mac
    }

    // MARK: - DHCP

    enum Program {
        case rom, ipxe
    }

    func message(_ type: DHCPMessageType, by program: Program) -> DHCPMessage {
        var message = DHCPMessage(.request, transactionID: transaction, mac: mac)
        message.options.messageType = type
        message.options.vendorClass = "PXEClient:Arch:00007:UNDI:003000"
        message.options.clientArchitectures = [.efiX64]
        if program == .ipxe {
            message.options[.userClass] = Array("iPXE".utf8)[...]
            var ipxe = IPXEOptions()
            ipxe.features = [.http, .bzImage]
            message.options.ipxe = ipxe
        }
        return message
    }

    /// DISCOVER and REQUEST.
    mutating func lease(as program: Program = .rom) throws {
        transaction += 1
        let offer = try #require(try clinic.receive(message(.discover, by: program)).first)
        var request = message(.request, by: program)
        request.options.serverIdentifier = offer.options.serverIdentifier
        request.options.requestedAddress = offer.yourAddress
        let ack = try #require(try clinic.receive(request).first)
        try #require(ack.options.messageType == .ack)
        address = ack.yourAddress
    }

    // MARK: - The loader

    /// GET of a path, whole or, where it breaks off, so many bytes.
    @discardableResult
    func fetch(_ path: String, atMost limit: Int = .max) async throws -> [UInt8] {
        let (address, port) = (address, clinic.httpPort)
        return try await onThread {
            let socket = try connection(from: address, port: port)
            let head = "GET /boot/\(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            try socket.writeAll(Array(head.utf8).span.bytes)
            guard limit < .max else { return try socket.readAll() }
            var room = [UInt8](repeating: 0, count: limit)
            let got = try room.withUnsafeMutableBytes { try socket.read(into: $0) }
            return Array(room[..<got])
        }
    }

    /// What the script gives stage 1's kernel.
    func script() async throws -> KernelCommandLine {
        let name = "script/\(mac.joined(by: "-")).ipxe"
        let text = String(decoding: try await fetch(name), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("kernel http") })
        let digest = ContentDigest(hashing: Array("kernel".utf8)).hex
        let words = line.replacing("${digest}", with: digest).split(separator: " ||").first ?? ""
        return KernelCommandLine(String(words))
    }

    /// Until the loader starts stage 1.
    mutating func load() async throws -> KernelCommandLine {
        try lease(as: .rom)
        try await fetch("snponly.efi")
        try lease(as: .ipxe)
        let line = try await script()
        try await fetch("stage1/vmlinuz")
        try await fetch("stage1/initramfs.img")
        try await clinic.wait(for: .fileSent, of: try #require(clinic.plane.ledger.record(of: mac)).node.name)
        return line
    }

    // MARK: - Stage 1

    /// Stage 1 as it is after mounts, modules and the network.
    /// - Parameter trusted: directory of the public keys.
    func stageOne(_ line: KernelCommandLine, trusting trusted: String? = nil) throws -> StageOne {
        let settings = try BootSettings(line)
        let console = Console()
        return StageOne(
            console: console, memory: MemoryWatch(), release: "1.0",
            modules: ModuleLoader(release: "1.0", console: console), settings: settings,
            trusted: TrustedKeyring.read(from: trusted ?? clinic.state.path + "/keys"),
            session: AgentSession(
                api: NodeAPI(servers: settings.servers, token: settings.token, bootToken: settings.bootToken),
                console: console))
    }
}

/// A TCP connection from a node's address to the clinic's server.
private func connection(from address: IPv4Address, port: Int) throws -> FileDescriptor {
    let descriptor = FileDescriptor(
        owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) })
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let raw = descriptor.raw
    try withName(address, 0) { name, size in try systemCall("bind") { bind(raw, name, size) } }
    try withName(IPv4Address(value: 0x7f00_0001), UInt16(port)) { name, size in
        try systemCall("connect") { connect(raw, name, size) }
    }
    return descriptor
}

func withName(
    _ address: IPv4Address, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) throws -> Int32
) throws {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.value.bigEndian
    try withUnsafePointer(to: &name) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = try body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}

/// Runs blocking work on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
