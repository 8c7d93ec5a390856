import BootMachine
import BootPolicy
import BootProtocols
import Foundation
import Glibc
import LinkWatch
import PacketCapture
import PacketIO
import Registry
import Synchronization
import Testing

@testable import DHCPService

/// The server with its watch over a link that has other hosts too.
@Suite(
    "DHCPServer with LinkWatcher: live", .enabled(if: TestNamespace.isPossible, "needs root and busybox"), .serialized)
struct DHCPServerWatchTests {
    /// A bridge that is the server's interface, and hosts on it, each in a namespace of its own.
    final class Link {
        let server: TestNamespace
        let registrar = DHCPServerTests.Registrar()
        private let parts: Parts
        private var hosts: [TestNamespace] = []

        private struct Parts {
            let watcher: LinkWatcher
            let dhcp: DHCPServer
        }

        private var threads: [LoopThread] = []

        init() throws {
            server = try TestNamespace()
            for arguments in [
                ["link", "add", "br0", "address", "52:54:00:aa:00:01", "type", "bridge"],
                ["addr", "add", "10.77.0.1/24", "dev", "br0"], ["link", "set", "br0", "up"],
            ] {
                let result = server.run(["ip"] + arguments)
                try #require(result.status == 0, "\(result.output)")
            }
            let registrar = registrar
            parts = try server.enter { try Self.open(registrar) }
        }

        /// Another host; its interface is `eth0`.
        func host(mac: String, address: String? = nil) throws -> TestNamespace {
            let host = try TestNamespace()
            hosts.append(host)
            let port = "port\(hosts.count)"
            let commands = [
                [
                    "link", "add", port, "type", "veth", "peer", "name", "eth0", "address", mac, "netns",
                    "\(host.processID)",
                ],
                ["link", "set", port, "master", "br0"], ["link", "set", port, "up"],
            ]
            for arguments in commands {
                let result = server.run(["ip"] + arguments)
                try #require(result.status == 0, "\(result.output)")
            }
            if let address { try #require(host.run(["ip", "addr", "add", address, "dev", "eth0"]).status == 0) }
            try #require(host.run(["ip", "link", "set", "eth0", "up"]).status == 0)
            return host
        }

        func start() throws {
            let (parts, registrar) = (parts, registrar)
            threads = [
                try LoopThread(name: "watch", waker: parts.watcher.waker) {
                    parts.watcher.run { finding in
                        switch finding {
                        case .inUse(let address, by: let mac): parts.dhcp.conflict(address, with: mac)
                        case .duplicate(let duplicate):
                            parts.dhcp.conflict(duplicate.address, with: duplicate.claimant)
                        case .foreignServer(let server): registrar.lines.withLock { $0.append(server.description) }
                        case .send: break
                        }
                    }
                },
                try LoopThread(name: "dhcp", waker: parts.dhcp.waker) { parts.dhcp.run() },
            ]
        }

        var watcher: LinkWatcher { parts.watcher }

        func close() {
            for thread in threads { thread.stop() }
            for host in hosts { host.close() }
            server.close()
        }

        private static func open(_ registrar: DHCPServerTests.Registrar) throws -> Parts {
            let own = try address("10.77.0.1")
            let interface = try NetworkInterface.named("br0")
            let settings = LinkWatch.Settings(mac: try #require(interface.mac), addresses: [own])
            let watch = LinkWatch(settings: settings) { address, _ in
                registrar.leases.withLock { $0.last { $0.address == address }?.mac }
            }
            let watcher = try LinkWatcher(interface: interface, watch: watch) { line in
                registrar.lines.withLock { $0.append(line) }
            }
            let machine = try DHCPMachine(
                settings: DHCPSettings(
                    serverAddress: own, subnet: try #require(IPv4Subnet("10.77.0.0/24")), httpPort: 8987),
                leases: [], verdict: { _ in .known(name: "n1") })
            let dhcp = try DHCPServer(
                interface: interface, role: DHCPRole(machine), commit: { try registrar.commit($0) },
                record: { event in registrar.events.withLock { $0.append(event) } }, probe: { watcher.probe($0) },
                report: { line in registrar.lines.withLock { $0.append(line) } })
            return Parts(watcher: watcher, dhcp: dhcp)
        }
    }

    /// Waits for what another thread brings about; false after a minute.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<12_000 {
            if condition() { return true }
            usleep(5000)
        }
        return false
    }

    /// Where Wireshark's reader is installed, it is asked too.
    private static let hasTshark = access("/usr/bin/tshark", X_OK) == 0
    private static let client = "52:54:00:12:34:56"
    private static let udhcpc = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/bin/true"]

    @Test("a static address in the pool is found by ARP and given to nobody")
    func staticAddress() throws {
        let link = try Link()
        defer { link.close() }
        _ = try link.host(mac: "52:54:00:00:00:02", address: "10.77.0.2/24")
        let client = try link.host(mac: Self.client)
        try link.start()
        #expect(
            eventually { link.registrar.events.withLock { $0.contains { $0.detail.contains("10.77.0.2 is used by") } } }
        )
        let result = client.run(Self.udhcpc)
        #expect(result.output.contains("lease of 10.77.0.3 obtained from 10.77.0.1"), "\(result.output)")
    }

    @Test("two hosts with one address are told of in the timeline of the one that leased it")
    func duplicate() throws {
        let link = try Link()
        defer { link.close() }
        let client = try link.host(mac: Self.client)
        try link.start()
        #expect(client.run(Self.udhcpc).output.contains("lease of 10.77.0.2 obtained"))
        _ = try link.host(mac: "52:54:00:00:00:02", address: "10.77.0.2/24")
            .run(["busybox", "arping", "-A", "-c", "3", "-I", "eth0", "10.77.0.2"])
        #expect(eventually { !link.watcher.duplicates.isEmpty })
        let duplicate = link.watcher.duplicates.first?.description
        #expect(duplicate == "52:54:00:00:00:02 claims 10.77.0.2, which is \(Self.client)'s")
        #expect(
            eventually {
                link.registrar.events.withLock { events in
                    events.contains {
                        $0.node.description == Self.client && $0.detail.contains("is used by 52:54:00:00:00:02")
                    }
                }
            })
    }

    @Test("dnsmasq on the link is reported with its address, its MAC and what it offered")
    func foreignServer() throws {
        let link = try Link()
        defer { link.close() }
        let foreign = try link.host(mac: "52:54:00:00:00:09", address: "10.77.0.9/24")
        let client = try link.host(mac: Self.client)
        try link.start()
        let dnsmasq = try SpawnedProgram(
            ["nsenter", "-t", "\(foreign.processID)", "-n", "--", "setpriv", "--pdeathsig", "KILL", "dnsmasq"]
                + ["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--interface=eth0"]
                + [
                    "--bind-interfaces", "--no-ping", "--pid-file=",
                    "--dhcp-leasefile=/dev/null",
                ]
                + ["--dhcp-range=10.77.0.200,10.77.0.210,1h", "--log-facility=/dev/null"])
        defer { dnsmasq.kill() }
        #expect(
            eventually {
                client.run(Self.udhcpc + ["-B"])
                return link.watcher.foreignServers.contains { $0.mac != nil }
            })
        let server = try #require(link.watcher.foreignServers.first)
        #expect(server.address.description == "10.77.0.9")
        #expect(server.mac?.description == "52:54:00:00:00:09")
        #expect(server.last.client.description == Self.client)
        let given = (try address("10.77.0.200"))...(try address("10.77.0.210"))
        #expect(given.contains(server.last.address))
        #expect(link.registrar.lines.withLock { $0.contains { $0.hasPrefix("foreign DHCP server 10.77.0.9") } })
    }

    @Test("the capture of a machine has the four packets of its exchange, both ways, as tshark reads them")
    func capture() throws {
        let link = try Link()
        defer { link.close() }
        let client = try link.host(mac: Self.client)
        try link.start()
        #expect(client.run(Self.udhcpc).output.contains("lease of 10.77.0.2 obtained"))
        let mac = try #require(MACAddress(Self.client))
        #expect(eventually { link.watcher.frames(of: mac).count >= 4 })
        let types = link.watcher.frames(of: mac).compactMap { frame in
            try? DHCPMessage(decoding: Array(UDPFrame(decoding: frame.bytes).payload)).options.messageType
        }
        #expect(types == [.discover, .offer, .request, .ack])
        let path = NSTemporaryDirectory() + "/perseid-watch-\(getpid()).pcap"
        defer { unlink(path) }
        try CaptureFile.write(link.watcher.frames(of: mac), to: path)
        #expect(try CaptureFile.frames(of: path) == link.watcher.frames(of: mac))
        guard Self.hasTshark else { return }
        let fields = ["-Y", "dhcp", "-T", "fields", "-e", "dhcp.option.dhcp"]
        let tshark = link.server.run(["tshark", "-n", "-r", path] + fields)
        #expect(tshark.status == 0 && tshark.output.hasSuffix("1\n2\n3\n5\n"), "\(tshark.output)")
    }
}
