import BootMachine
import BootPolicy
import BootProtocols
import Glibc
import PacketCapture
import PacketIO
import Registry
import Synchronization
import Testing

@testable import DHCPService

/// The real server on one end of a cable, real clients on the other.
@Suite("DHCPServer: live", .enabled(if: TestNamespace.isPossible, "needs root and busybox"), .serialized)
struct DHCPServerTests {
    /// What the server handed to its surroundings.
    final class Registrar: Sendable {
        struct Failure: Error, CustomStringConvertible {
            var description: String { "disk full" }
        }

        let leases = Mutex<[Lease]>([])
        let events = Mutex<[BootEvent]>([])
        let lines = Mutex<[String]>([])
        let fails = Atomic<Bool>(false)
        /// How many nodes are refused before the disk is well again, and those that were.
        private let toRefuse = Mutex<(count: Int, refused: Set<MACAddress>)>((0, []))

        /// Fails until so many nodes have asked in vain, each at least once.
        func refuse(nodes count: Int) {
            toRefuse.withLock { $0 = (count, []) }
        }

        func commit(_ new: [Lease]) throws {
            let isRefused = toRefuse.withLock { nodes in
                guard nodes.refused.count < nodes.count else { return false }
                nodes.refused.formUnion(new.map(\.mac))
                return true
            }
            if isRefused || fails.load(ordering: .relaxed) { throw Failure() }
            leases.withLock { $0 += new }
        }
    }

    /// Two namespaces, a cable between them, and the server at its end.
    struct Site {
        let server: TestNamespace
        let client: TestNamespace
        let registrar = Registrar()
        let dhcp: DHCPServer
        let thread: LoopThread

        /// With a server whose settings are `change`d.
        init(settings change: @escaping @Sendable (inout DHCPSettings) -> Void = { _ in }) throws {
            try self.init { (settings: DHCPSettings) in
                var settings = settings
                change(&settings)
                return DHCPRole(try DHCPMachine(settings: settings, leases: [], verdict: { _ in .known(name: "n1") }))
            }
        }

        /// With a proxy, to which every machine is the node n1.
        static func withProxy() throws -> Site {
            try Site { (settings: DHCPSettings) in
                let settings = ProxyDHCPSettings(
                    serverAddress: settings.serverAddress, subnet: settings.subnet, httpPort: settings.httpPort)
                return DHCPRole(ProxyDHCPMachine(settings: settings) { _ in .known(name: "n1") })
            }
        }

        private init(_ role: @escaping @Sendable (DHCPSettings) throws -> DHCPRole) throws {
            let (server, client) = (try TestNamespace(), try TestNamespace())
            (self.server, self.client) = (server, client)
            for arguments in [
                ["link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", "\(client.processID)"],
                ["addr", "add", "10.77.0.1/24", "dev", "wire0"], ["link", "set", "wire0", "up"],
            ] {
                let result = server.run(["ip"] + arguments)
                try #require(result.status == 0, "\(result.output)")
            }
            try #require(client.run(["ip", "link", "set", "wire1", "up"]).status == 0)
            try server.enter { try Self.waitForCarrier("wire0") }
            try client.enter { try Self.waitForCarrier("wire1") }
            let registrar = registrar
            (dhcp, thread) = try server.enter { try Self.serve(registrar, role) }
        }

        /// The kernel drops what is sent on a cable whose ends it has not told of each other yet.
        private static func waitForCarrier(_ name: String) throws {
            for _ in 0..<12_000 {
                if try NetworkInterface.named(name).hasCarrier { return }
                usleep(5000)
            }
            Issue.record("\(name) has no carrier")
        }

        private static func serve(
            _ registrar: Registrar, _ role: (DHCPSettings) throws -> DHCPRole
        ) throws -> (DHCPServer, LoopThread) {
            let settings = DHCPSettings(
                serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/24")),
                router: try address("10.77.0.1"), httpPort: 8987)
            let server = try DHCPServer(
                interface: .named("wire0"), role: role(settings), commit: { try registrar.commit($0) },
                record: { event in registrar.events.withLock { $0.append(event) } },
                report: { line in registrar.lines.withLock { $0.append(line) } })
            return (server, try LoopThread(name: "dhcp", waker: server.waker) { server.run() })
        }

        func close() {
            thread.stop()
            client.close()
            server.close()
        }

        /// busybox's DHCP client: once, in the foreground, without touching the interface.
        func udhcpc(_ more: [String] = []) -> TestNamespace.Result {
            client.run(["busybox", "udhcpc", "-i", "wire1", "-n", "-q", "-f", "-s", "/bin/true"] + more)
        }
    }

    @Test("busybox's client gets a lease, and the same one as a node's agent and with the broadcast flag")
    func udhcpc() throws {
        let site = try Site()
        defer { site.close() }
        for more in [[], ["-B"], ["-V", "perseid-agent:stage1", "-x", "0x3d:ff01020304"]] {
            let result = site.udhcpc(more)
            #expect(result.status == 0)
            #expect(result.output.contains("lease of 10.77.0.2 obtained from 10.77.0.1, lease time 3600"))
        }
        #expect(
            site.registrar.leases.withLock { $0.map(\.address.description) } == ["10.77.0.2", "10.77.0.2", "10.77.0.2"])
        #expect(
            site.registrar.events.withLock { $0.map(\.kind) } == [.leased, .leased, .offered, .leased])
        #expect(site.registrar.lines.withLock { $0 } == [])
    }

    @Test("where leases cannot be stored no ACK leaves; once they can, the client gets its address")
    func failingCommit() throws {
        let site = try Site()
        defer { site.close() }
        site.registrar.fails.store(true, ordering: .relaxed)
        let failed = site.udhcpc(["-t", "2", "-T", "1", "-A", "1"])
        #expect(failed.status != 0)
        #expect(!failed.output.contains("lease of"))
        #expect(failed.output.contains("select for 10.77.0.2"))
        let events = site.registrar.events.withLock { $0 }
        #expect(
            events.first?.detail == "no DHCPACK for 10.77.0.2: its lease could not be stored: disk full")
        #expect(events.allSatisfy { $0.kind == .refused })
        site.registrar.fails.store(false, ordering: .relaxed)
        #expect(site.udhcpc().output.contains("lease of 10.77.0.2 obtained"))
    }

    /// Sends a captured client's frame on the wire and gives the first answer to port 68.
    private static func exchange(_ frame: [UInt8]) throws -> [UInt8]? {
        let socket = try PacketSocket(interface: .named("wire1"), filter: .udpPort(68))
        try socket.send(frame: frame.span.bytes)
        var buffer = [UInt8](repeating: 0, count: 2048)
        for _ in 0..<12_000 {
            if let answer = try buffer.withUnsafeMutableBytes({ try socket.receive(into: $0) }) {
                return Array(buffer.prefix(answer.count))
            }
            usleep(5000)
        }
        return nil
    }

    @Test("a captured ROM is answered by a frame to its own MAC, firmware that wants it by broadcast; none says DF")
    func frames() throws {
        let site = try Site()
        defer { site.close() }
        for (name, isBroadcast) in [("bios-virtio-ipxe", false), ("uefi-edk2-pxe-ipxe", true)] {
            let sent = try #require(capturedFrames(name).first).bytes
            let request = try UDPFrame(decoding: sent)
            let bytes = try #require(try site.client.enter { try Self.exchange(sent) })
            let answer = try UDPFrame(decoding: bytes)
            let offer = try DHCPMessage(decoding: Array(answer.payload))
            #expect(offer.options.messageType == .offer)
            #expect(answer.ethernet.destination == (isBroadcast ? .broadcast : request.ethernet.source))
            #expect(answer.ip.destination == (isBroadcast ? .broadcast : offer.yourAddress))
            #expect(answer.ip.source.description == "10.77.0.1")
            #expect(answer.udp.sourcePort == 67 && answer.udp.destinationPort == 68)
            #expect(answer.udp.checksum != 0 && answer.checksumMatches)
            // The byte with "don't fragment" (RFC 791, 3.1).
            #expect(bytes[20] == 0)
        }
    }

    @Test("a boot server request from the client's address and port 4011 is answered there, from 4011")
    func bootServer() throws {
        let site = try Site()
        defer { site.close() }
        #expect(site.client.run(["ip", "addr", "add", "10.77.0.57/24", "dev", "wire1"]).status == 0)
        var request = try PlayedClient(as: PlayedClient.uefiROM).message(.request)
        request.clientAddress = try address("10.77.0.57")
        let payload = try request.encoded()
        let server = IPv4Endpoint(try address("10.77.0.1"), port: 4011)
        let (answer, source) = try site.client.enter {
            let socket = try UDPSocket(.init(port: 4011))
            try socket.send(payload.span.bytes, to: server)
            var room = ReceiveBatch()
            for _ in 0..<12_000 {
                if try socket.receive(into: &room) > 0 { break }
                usleep(5000)
            }
            var result: ([UInt8], IPv4Endpoint?) = ([], nil)
            room.forEachDatagram { origin, bytes in result = (bytes.withUnsafeBytes(Array.init), origin.source) }
            return result
        }
        #expect(site.registrar.lines.withLock { $0 } == [])
        #expect(site.registrar.events.withLock { $0 } == [])
        #expect(source == server)
        let ack = try DHCPMessage(decoding: answer)
        #expect(ack.options.messageType == .ack && ack.bootFile == "snponly.efi")
    }

    @Test("a proxy answers firmware by broadcast and gives nobody an address; who talks to it is in the ARP table")
    func proxy() throws {
        let site = try Site.withProxy()
        defer { site.close() }
        #expect(site.udhcpc(["-t", "2", "-T", "1", "-A", "1"]).status != 0)
        let sent = try #require(capturedFrames("bios-virtio-ipxe").first).bytes
        let answer = try UDPFrame(decoding: try #require(try site.client.enter { try Self.exchange(sent) }))
        #expect(answer.ethernet.destination == .broadcast && answer.udp.sourcePort == 67)
        let offer = try DHCPMessage(decoding: Array(answer.payload))
        #expect(offer.yourAddress == .any && offer.options.vendorClass == "PXEClient")
        #expect(site.registrar.leases.withLock { $0 } == [])

        #expect(site.client.run(["ip", "addr", "add", "10.77.0.57/24", "dev", "wire1"]).status == 0)
        let (neighbour, nobody) = (try address("10.77.0.57"), try address("10.77.0.58"))
        let server = try address("10.77.0.1")
        _ = try site.client.enter {
            try UDPSocket(.init(port: 5000)).send(
                [UInt8](repeating: 1, count: 8).span.bytes, to: IPv4Endpoint(server, port: 69))
        }
        let mac = try site.client.enter { try NetworkInterface.named("wire1").mac }
        let known = try site.server.enter {
            let table = try NeighbourTable(interface: "wire0")
            for _ in 0..<400 where table.mac(of: neighbour) == nil { usleep(5000) }
            return (table.mac(of: neighbour), table.mac(of: nobody))
        }
        #expect(known.0 == mac && known.1 == nil)
    }

    @Test("a proxy goes by other settings from the next message on, on both ports, while it runs")
    func proxySettings() throws {
        let site = try Site.withProxy()
        defer { site.close() }
        let sent = try #require(capturedFrames("uefi-edk2-pxe-ipxe").first).bytes
        func offer() throws -> DHCPMessage {
            let answer = try UDPFrame(decoding: try #require(try site.client.enter { try Self.exchange(sent) }))
            return try DHCPMessage(decoding: Array(answer.payload))
        }
        #expect(try offer().options.pxe?.discoveryControl == .bootFileAtOnce)
        var settings = ProxyDHCPSettings(
            serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/24")), httpPort: 8987,
            firmware: FirmwarePolicy(loader: .grub, binlClients: [try #require(MACAddressPrefix("52:54:00"))]))
        try site.dhcp.reconfigure(settings)
        let other = try offer()
        #expect(other.options.pxe == nil && other.options.vendorClass == "PXEClient" && other.bootFile == "grubx64.efi")
        settings.serverAddress = try address("10.77.0.9")
        #expect(throws: DHCPSettingsError.self) { try site.dhcp.reconfigure(settings) }
        #expect(try offer().bootFile == "grubx64.efi")
    }

    @Test("a port that is taken is told with the process that holds it")
    func portTaken() throws {
        let site = try Site()
        defer { site.close() }
        let error = try site.server.enter {
            #expect(throws: DHCPServerError.self) {
                let settings = DHCPSettings(
                    serverAddress: try address("10.77.0.1"), subnet: try #require(IPv4Subnet("10.77.0.0/24")),
                    httpPort: 8987)
                _ = try DHCPServer(
                    interface: .named("wire0"),
                    role: DHCPRole(DHCPMachine(settings: settings, leases: [], verdict: { _ in .unknown })),
                    commit: { _ in }, record: { _ in }, report: { _ in })
            }
        }
        guard case .portTaken(67, let holders)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(holders.contains { $0.processID == getpid() })
    }

    @Test("an interface without an Ethernet address is refused by name")
    func loopback() throws {
        let settings = DHCPSettings(
            serverAddress: try address("127.0.0.1"), subnet: try #require(IPv4Subnet("127.0.0.0/8")), httpPort: 8987)
        #expect(throws: DHCPServerError.notEthernet(interface: "lo")) {
            try DHCPServer(
                interface: .named("lo"),
                role: DHCPRole(DHCPMachine(settings: settings, leases: [], verdict: { _ in .unknown })),
                commit: { _ in }, record: { _ in }, report: { _ in })
        }
    }
}
