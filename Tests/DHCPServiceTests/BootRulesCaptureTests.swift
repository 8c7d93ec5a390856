import BootMachine
import BootPolicy
import BootProtocols
import LinkWatch
import PacketCapture
import Registry
import Testing

@testable import Administration
@testable import DHCPService

/// Rules of the boot doctor on packets of real firmware: the captured frames go through the server's own machines, and
/// what these record goes through the daemon's book of nodes.
@Suite("BootRules: captured clients")
struct BootRulesCaptureTests {
    /// A server with its book of nodes, on a network that the test plays.
    private struct Clinic {
        var server: PlayedServer
        var book: NodeBook
        private var events: [RecordedEvent] = []
        private let mac: MACAddress

        init(_ server: PlayedServer, of mac: MACAddress) {
            self.server = server
            self.mac = mac
            let node = NodeRecord(node: Node(mac: mac, name: "n001"), state: .registered)
            book = NodeBook(Snapshot(nodes: [node], leases: [], attempts: [], lastAttempt: 0), unknown: .ignore)
        }

        mutating func take(_ recorded: [BootEvent], poweredOn: Int64? = nil) {
            for event in recorded {
                for case .event(let event) in book.receive(event, poweredOn: poweredOn) { events.append(event) }
            }
        }

        /// A millisecond or more after the one before, as in the capture.
        mutating func receive(_ message: DHCPMessage, poweredOn: Int64? = nil) throws {
            server.now += 1
            take(try server.receive(message).events, poweredOn: poweredOn)
        }

        /// What `perseid explain` says after so many seconds.
        func cause(after seconds: Int64) throws -> String? {
            let now = server.now + seconds * 1000
            let story =
                book.attempt(of: mac).map { BootStory($0, events, now: now) }
                ?? BootStory(stray: events.map(\.event), in: .registered, now: now)
            return BootRule.all.first { $0.holds(of: story) }?.name
        }
    }

    private func clinic(
        _ capture: String, server: PlayedServer
    ) throws -> (clinic: Clinic, messages: [DHCPMessage]) {
        let messages = try capturedClients(capture)
        return (Clinic(server, of: try #require(messages.first).mac), messages)
    }

    private func settings(_ firmware: FirmwarePolicy) throws -> PlayedServer {
        try PlayedServer(settings: { $0.firmware = firmware })
    }

    @Test(arguments: ["bios-virtio-ipxe", "uefi-edk2-pxe-ipxe", "uefi-edk2-http", "arm64-edk2-pxe-http"])
    func disabled(capture: String) throws {
        var (clinic, messages) = try clinic(
            capture, server: PlayedServer(verdict: { _ in .ignored(reason: "the node is disabled") }))
        try clinic.receive(messages[0])
        #expect(try clinic.cause(after: 0) == "disabled")
    }

    @Test func poolExhausted() throws {
        let other = Lease(mac: MACAddress(value: 0x5254_0099_0001), address: try address("10.77.0.55"), expires: .max)
        var (clinic, messages) = try clinic(
            "bios-virtio-ipxe",
            server: PlayedServer(
                pool: "10.77.0.55-10.77.0.55", leases: [other], verdict: { _ in .known(name: "n001") }))
        try clinic.receive(messages[0])
        #expect(try clinic.cause(after: 0) == "pool-exhausted")
    }

    @Test(arguments: ["bios-virtio-ipxe", "uefi-edk2-pxe-ipxe", "uefi-secureboot-shim-grub"])
    func offerNotTaken(capture: String) throws {
        var (clinic, messages) = try clinic(capture, server: PlayedServer())
        for message in messages where message.options.messageType == .discover { try clinic.receive(message) }
        #expect(try clinic.cause(after: 25) == "offer-not-taken")
    }

    @Test(arguments: ["bios-virtio-ipxe", "uefi-edk2-pxe-ipxe"])
    func noFileAsked(capture: String) throws {
        var (clinic, messages) = try clinic(capture, server: PlayedServer(pool: Self.pool(capture)))
        for message in messages { try clinic.receive(message) }
        #expect(try clinic.cause(after: 25) == "no-file-asked")
    }

    @Test func spanningTree() throws {
        var (clinic, messages) = try clinic(
            "bios-virtio-ipxe", server: PlayedServer(pool: Self.pool("bios-virtio-ipxe")))
        let poweredOn = clinic.server.now - 41_000
        for message in messages { try clinic.receive(message, poweredOn: poweredOn) }
        #expect(try clinic.cause(after: 1) == "spanning-tree")
    }

    @Test func malformed() throws {
        var (clinic, messages) = try clinic("uefi-edk2-pxe-ipxe", server: PlayedServer())
        try clinic.receive(messages[0])
        // An option that says it is longer than what follows, behind the magic cookie.
        var bytes = try messages[0].encoded()
        bytes.replaceSubrange(240..<bytes.count, with: [53, 1, 1, 60, 200, 0x50])
        let actions = clinic.server.machine.receive(
            bytes, from: IPv4Endpoint(.any, port: 68), on: .server, at: clinic.server.now + 2000)
        clinic.take(PlayedServer.Outcome(actions: actions).events)
        #expect(try clinic.cause(after: 0) == "malformed")
    }

    @Test func flood() throws {
        var (clinic, messages) = try clinic("bios-e1000-pxelinux", server: PlayedServer())
        for second in 0..<6 {
            for _ in 0..<60 { try clinic.receive(messages[0]) }
            clinic.server.now += Int64(second) * 200
        }
        #expect(try clinic.cause(after: 0) == "flood")
    }

    @Test func noLoader() throws {
        var (clinic, messages) = try clinic(
            "arm64-edk2-pxe-http", server: settings(FirmwarePolicy(files: ["undionly.kpxe", "snponly.efi"])))
        try clinic.receive(messages[0])
        #expect(try clinic.cause(after: 0) == "no-loader")
    }

    @Test func portThatNobodyAnswersOn() throws {
        let prefix = try #require(MACAddressPrefix("52:54:00"))
        let messages = try capturedClients("uefi-edk2-pxe-ipxe")
        var clinic = Clinic(
            try PlayedServer(
                pool: Self.pool("uefi-edk2-pxe-ipxe"),
                settings: { $0.firmware = FirmwarePolicy(files: ["snponly.efi"], binlClients: [prefix]) }),
            of: messages[0].mac)
        for message in messages.prefix(2) { try clinic.receive(message) }
        #expect(try clinic.cause(after: 25) == "binl-no-answer")
    }

    @Test func leaseThatCouldNotBeStored() throws {
        var (clinic, messages) = try clinic(
            "bios-virtio-ipxe", server: PlayedServer(pool: Self.pool("bios-virtio-ipxe")))
        clinic.server.storesAtOnce = false
        try clinic.receive(messages[0])
        var batch = DHCPBatch()
        let request = try #require(messages.first { $0.options.messageType == .request })
        batch.add(try clinic.server.receive(request).actions)
        let left = batch.afterFailedCommit("the disk is full", at: clinic.server.now)
        clinic.take(PlayedServer.Outcome(actions: left).events)
        #expect(try clinic.cause(after: 0) == "lease-not-stored")
    }

    @Test func duplicateAddress() throws {
        let pool = Self.pool("bios-virtio-ipxe")
        var (clinic, messages) = try clinic("bios-virtio-ipxe", server: PlayedServer(pool: pool))
        for message in messages.prefix(2) { try clinic.receive(message) }
        let taken = try address(String(pool.prefix { $0 != "-" }))
        let actions = clinic.server.machine.conflict(
            taken, with: MACAddress(value: 0x5254_0099_0001), at: clinic.server.now + 5000)
        clinic.take(PlayedServer.Outcome(actions: actions).events)
        #expect(try clinic.cause(after: 0) == "duplicate-address")
    }

    /// The capture's own server, dnsmasq at 10.77.0.1, beside ours at 10.77.0.9: the watch of the link sees it.
    @Test(arguments: ["bios-virtio-ipxe", "uefi-edk2-pxe-ipxe", "uefi-edk2-http"])
    func foreignServer(capture: String) throws {
        var (clinic, messages) = try clinic(capture, server: PlayedServer())
        try clinic.receive(messages[0])
        var watch = LinkWatch(
            settings: LinkWatch.Settings(
                mac: MACAddress(value: 0x5254_00aa_0001), addresses: [try address("10.77.0.9")])
        ) { _, _ in nil }
        for frame in try capturedFrames(capture) {
            let found = watch.receive(
                frame.bytes.span.bytes, length: frame.bytes.count, isOutgoing: false,
                at: clinic.server.now * 1_000_000)
            for case .foreignServer(let server) in found {
                clinic.take([
                    BootEvent(
                        node: server.last.client, kind: .foreignServer, at: server.lastSeen, transport: .dhcp,
                        detail: server.description)
                ])
            }
        }
        #expect(try clinic.cause(after: 1) == "foreign-server")
    }

    /// The one address that the captured client was given, so that its REQUEST fits.
    private static func pool(_ capture: String) -> String {
        let last = ["bios-e1000-pxelinux": 55, "bios-virtio-ipxe": 56, "uefi-edk2-pxe-ipxe": 57][capture] ?? 58
        return "10.77.0.\(last)-10.77.0.\(last)"
    }
}
