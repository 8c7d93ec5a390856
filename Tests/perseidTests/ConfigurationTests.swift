import BootProtocols
import DHCPService
import Foundation
import Registry
import Testing

@testable import perseid

@Suite("Configuration: DHCP")
struct ConfigurationTests {
    /// A configuration file with this text, and what was read of it.
    private func read(_ text: String, options: [Configuration.Setting: String] = [:]) throws -> Configuration {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("perseid-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appendingPathComponent("perseid.yaml")
        try Data(text.utf8).write(to: file)
        return try ConfigurationSource(
            file: file.path, environment: [:],
            options: options.mapValues { Configuration.Given(value: $0, from: "--option") }, defaultTftpboot: "/t"
        ).read()
    }

    private func settings(_ text: String, nodes: [Node] = []) throws -> DHCPSettings {
        try read("interface: eth1\n" + text).dhcpSettings(
            address: #require(IPv4Address("10.0.0.1")), subnet: #require(IPv4Subnet("10.0.0.0/24")),
            nodes: nodes.compactMap(AddressedNode.init))
    }

    /// The error that a text gives, after the name of the file.
    private func problem(_ text: String) throws -> String {
        do {
            _ = try settings(text).check()
            return ""
        } catch {
            let words = "\(error)"
            return words.firstRange(of: "perseid.yaml:").map { String(words[$0.upperBound...]) } ?? words
        }
    }

    @Test("the short form: the interface's subnet by keys at the top of the file")
    func short() throws {
        let settings = try settings(
            """
            pool: [10.0.0.10-10.0.0.19, 10.0.0.30-10.0.0.39]
            router: 10.0.0.254
            dns: [10.0.0.2, 10.0.0.3]
            domain: cluster.example
            leaseSeconds: 600
            maxLeaseSeconds: 1200
            authoritative: false
            broadcast: true
            options: {ntp-servers: 10.0.0.4}
            """)
        #expect(settings.link.pools?.map { "\($0.range.lowerBound)" } == ["10.0.0.10", "10.0.0.30"])
        #expect(settings.link.router?.description == "10.0.0.254" && settings.link.nameServers.count == 2)
        #expect(settings.link.domain == "cluster.example")
        #expect(settings.link.leaseTimes == DHCPLeaseTimes(standard: 600, maximum: 1200))
        #expect(!settings.isAuthoritative && settings.forcesBroadcast && settings.subnets.isEmpty)
        #expect(settings.options == [try DHCPOptionSetting("42", values: ["10.0.0.4"])])
        #expect(try settings.check() == [])
    }

    @Test("subnets, groups, reservations and options, as docs/dhcp.md shows them")
    func long() throws {
        let checkout = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: checkout.appendingPathComponent("docs/dhcp.md"), encoding: .utf8)
        let example = try #require(
            text.components(separatedBy: "```yaml\n").dropFirst().first?.components(separatedBy: "```").first)
        let configuration = try read(example)
        let settings = try configuration.dhcpSettings(
            address: #require(IPv4Address("10.0.0.1")), subnet: #require(IPv4Subnet("10.0.0.0/24")), nodes: [])
        #expect(try settings.check() == [])
        #expect(settings.subnets.map { "\($0.subnet)" } == ["10.1.0.0/16", "10.2.0.0/16"])
        let far = try #require(settings.subnets.first)
        #expect(far.pools?.map(\.servesBOOTP) == [false, true])
        #expect(far.nameServers == settings.link.nameServers && far.domain == "hall.example")
        #expect(settings.subnets[1].leaseTimes.standard == settings.link.leaseTimes.standard)
        #expect(settings.groups.map(\.name) == ["compute", "storage"])
        #expect(settings.reservations.count == 5)
        #expect(settings.reservations.map(\.key.description).contains("circuit-id ge-0/0/7 and remote-id switch-3"))
    }

    @Test("the interface's own subnet may stand in the list; then not at the top besides")
    func ownSubnet() throws {
        let list = """
            dns: 10.0.0.2
            subnets:
              - subnet: 10.0.0.0/24
                pools: 10.0.0.10-10.0.0.19
            """
        let settings = try settings(list)
        #expect(settings.subnets.isEmpty && settings.link.pools?.count == 1)
        #expect(settings.link.nameServers.map(\.description) == ["10.0.0.2"])
        #expect(
            try problem("pool: 10.0.0.5-10.0.0.6\n" + list)
                == "5: subnets[0]: subnets is `10.0.0.0/24`, expected no pool and router at the top of the file beside it"
        )
    }

    @Test("nodes of the registry that have an address are reservations; a bad one is left out and told of")
    func nodes() throws {
        let mac = MACAddress(value: 0x5254_0000_0001)
        let good = Node(mac: mac, name: "n001", address: IPv4Address("10.0.0.9"))
        let bad = Node(mac: MACAddress(value: 2), name: "n002", address: IPv4Address("10.9.0.9"))
        let settings = try settings("", nodes: [good, bad, Node(mac: MACAddress(value: 3), name: "n003")])
        #expect(settings.nodes.map(\.origin) == ["node n001", "node n002"])
        #expect(
            try settings.check().map(\.description) == [
                "node n002: the address 10.9.0.9 is in none of the subnets that are served"
            ])
    }

    @Test(
        "what is wrong is told with line and key",
        arguments: [
            ("router: ten", "2: router is `ten`, expected an IPv4 address"),
            ("subnets: 7", "2: subnets: expected a list, each item with a `-`"),
            (
                "subnets:\n  - subnet: 10.1.0.9/16",
                "3: subnets[0].subnet: is `10.1.0.9/16`, expected a subnet such as 10.1.0.0/16"
            ),
            (
                "subnets:\n  - subnet: 10.1.0.0/16\n    gateway: 10.1.0.1",
                "4: subnets[0].gateway: is no setting here. There are subnet, pools, router, dns, domain, leaseSeconds, minLeaseSeconds, maxLeaseSeconds, bootpLeaseSeconds, sharedNetwork, options"
            ),
            (
                "subnets:\n  - subnet: 10.1.0.0/16\n    pools:\n      - 10.1.0.9-10.1.0.1",
                "5: subnets[0].pools: is `10.1.0.9-10.1.0.1`, expected two addresses, 10.0.0.10-10.0.0.99"
            ),
            (
                "options:\n  ntp-server: 10.0.0.1",
                "3: options: there is no option `ntp-server`; write a name such as ntp-servers, or a number from 1 to 254"
            ),
            ("options:\n  ntp-servers: 10.0.0.1\n  42: 10.0.0.2", "4: options.42: is option 42, which is given twice"),
            ("groups:\n  - options: {}", "3: groups[0].name: is missing"),
            (
                "reservations:\n  - address: 10.0.0.9",
                "3: reservations[0]: expected one of mac, uuid, clientId, or circuitId and remoteId, to know the machine by"
            ),
            (
                "reservations:\n  - mac: 52:54:00:00:00:01\n    uuid: 00000001-0002-0003-0405-060708090a0b",
                "3: reservations[0]: expected one of mac, uuid, clientId, or circuitId and remoteId, to know the machine by"
            ),
            (
                "reservations:\n  - mac: 01:54:00:00:00:01",
                "3: reservations[0].mac: is `01:54:00:00:00:01`, expected a MAC address of one machine"
            ),
            (
                "reservations:\n  - mac: 52:54:00:00:00:01\n    address: 10.5.0.1",
                "3: reservations[0]: the address 10.5.0.1 is in none of the subnets that are served"
            ),
            ("subnets:\n  - subnet: 10.0.0.0/16", "the subnets 10.0.0.0/24 and 10.0.0.0/16 overlap"),
        ])
    func wrong(text: String, reason: String) throws {
        #expect(try problem(text) == reason)
    }

    @Test("two reservations of one address are named, both with their lines")
    func bothNamed() throws {
        let text = """
            reservations:
              - mac: 52:54:00:00:00:01
                address: 10.0.0.9
              - uuid: 00000001-0002-0003-0405-060708090a0b
                address: 10.0.0.9
            """
        let words = try problem(text)
        #expect(words.hasPrefix("3: reservations[0] and by ") && words.hasSuffix("perseid.yaml:5: reservations[1]"))
    }

    @Test("what takes a restart is named, and the rest may change")
    func live() throws {
        let running = try read("interface: eth1\ncapsule: a\npool: 10.0.0.2-10.0.0.9")
        try read("interface: eth1\ncapsule: a\nrouter: 10.0.0.1\nbroadcast: true\nbinl: 52:54:00").requireLive(
            over: running)
        #expect(throws: Configuration.Failure.notLive(["interface", "httpPort"])) {
            try read("interface: eth2\ncapsule: a\nhttpPort: 80").requireLive(over: running)
        }
        // An option of the command line holds whatever the file says.
        try read("interface: eth2\ncapsule: a", options: [.interface: "eth1"]).requireLive(over: running)
    }
}
