import BootProtocols
import Testing

@testable import DHCPService

@Suite("DHCPSettings")
struct DHCPSettingsTests {
    private func settings(_ server: String = "10.77.0.1", _ subnet: String = "10.77.0.0/24") throws -> DHCPSettings {
        DHCPSettings(
            serverAddress: try address(server), subnet: try #require(IPv4Subnet(subnet)), httpPort: 8987)
    }

    private func range(_ first: String, _ last: String) throws -> ClosedRange<IPv4Address> {
        try address(first)...address(last)
    }

    /// All addresses that a new machine gets one after the other.
    private func given(_ settings: DHCPSettings) throws -> [IPv4Address] {
        var pool = AddressPool(try ServedNetwork(settings).plan)
        return (1...2000 as ClosedRange<UInt64>).prefix { _ in true }.compactMap {
            pool.offer(to: MACAddress(value: $0), wish: nil, from: [0], until: 100, at: 0)
        }
    }

    @Test("without a pool, all hosts of the subnet are given but the server itself")
    func derived() throws {
        #expect(try given(settings()) == (2...254).map { try address("10.77.0.\($0)") })
    }

    @Test("of a wide subnet, the first 2^20 hosts")
    func wide() throws {
        let plan = try ServedNetwork(settings("10.0.0.1", "10.0.0.0/8")).plan
        #expect(plan.ranges.map(\.addresses) == [try range("10.0.0.1", "10.16.0.0")])
    }

    @Test("a subnet of two gives the other one")
    func pointToPoint() throws {
        #expect(try given(settings("10.0.0.0", "10.0.0.0/31")) == [address("10.0.0.1")])
    }

    @Test("router and DNS servers in the pool are not given")
    func withheld() throws {
        var settings = try settings()
        settings.link.router = try address("10.77.0.2")
        settings.link.nameServers = [try address("10.77.0.3"), try address("9.9.9.9")]
        settings.link.pools = [DHCPPool(try range("10.77.0.2", "10.77.0.4"))]
        #expect(try given(settings) == [address("10.77.0.4")])
        settings.link.pools = [DHCPPool(try range("10.77.0.2", "10.77.0.3"))]
        #expect(throws: DHCPSettingsError.poolEmpty(try range("10.77.0.2", "10.77.0.3"))) { try settings.check() }
    }

    @Test("what cannot be served is said")
    func refused() throws {
        let subnet = try #require(IPv4Subnet("10.77.0.0/24"))
        let outside = try address("10.78.0.1")
        #expect(throws: DHCPSettingsError.serverOutsideSubnet(outside, subnet)) { try settings("10.78.0.1").check() }
        var changed = try settings()
        changed.link.router = outside
        #expect(throws: DHCPSettingsError.routerOutsideSubnet(outside, subnet)) { try changed.check() }
        changed = try settings()
        changed.link.pools = [DHCPPool(try address("10.77.0.9")...outside)]
        #expect(throws: DHCPSettingsError.poolOutsideSubnet(try address("10.77.0.9")...outside, subnet)) {
            try changed.check()
        }
        changed = try settings()
        changed.link.leaseTimes.standard = 59
        #expect(throws: DHCPSettingsError.leaseTooShort(seconds: 59)) { try changed.check() }
        changed.link.leaseTimes = DHCPLeaseTimes(standard: 600, minimum: 700)
        #expect(throws: DHCPSettingsError.leaseTimesCrossed(700, "minimum", 600)) { try changed.check() }
        changed.link.leaseTimes = DHCPLeaseTimes(standard: 600, maximum: 500)
        #expect(throws: DHCPSettingsError.leaseTimesCrossed(500, "maximum", 600)) { try changed.check() }
        changed = try settings("10.0.0.1", "10.0.0.0/8")
        changed.link.pools = [DHCPPool(try range("10.1.0.0", "10.17.0.0"))]
        #expect(throws: DHCPSettingsError.poolTooLarge(try range("10.1.0.0", "10.17.0.0"))) { try changed.check() }
        changed = try settings()
        changed.link.domain = String(repeating: "x", count: 254)
        #expect(throws: DHCPSettingsError.self) { try changed.check() }
        let whole = try settings("10.0.0.1", "10.0.0.1/32")
        #expect(throws: DHCPSettingsError.poolEmpty(try range("10.0.0.1", "10.0.0.1"))) { try whole.check() }
    }

    @Test("what excludes each other is named, both of it")
    func conflicts() throws {
        var settings = try settings()
        settings.link.pools = [
            DHCPPool(try range("10.77.0.10", "10.77.0.50")), DHCPPool(try range("10.77.0.50", "10.77.0.60")),
        ]
        #expect(text(settings) == "the pools 10.77.0.10-10.77.0.50 and 10.77.0.50-10.77.0.60 overlap")
        settings.link.pools = nil
        settings.subnets = [DHCPSubnet(try #require(IPv4Subnet("10.77.0.128/25")))]
        #expect(text(settings) == "the subnets 10.77.0.0/24 and 10.77.0.128/25 overlap")
        settings.subnets = [DHCPSubnet(try #require(IPv4Subnet("10.78.0.0/24")), router: try address("10.78.0.254"))]
        #expect(text(settings) == nil)
        settings.groups = [DHCPGroup(name: "a", options: []), DHCPGroup(name: "a", options: [])]
        #expect(text(settings) == "the group a is given twice")
        settings.groups = []
        for (reservations, reason) in try reservationsInConflict() {
            settings.reservations = reservations
            #expect(text(settings) == reason)
            // Those of nodes are left out instead.
            settings.nodes = Array(reservations.suffix(1))
            settings.reservations = Array(reservations.dropLast())
            #expect(try settings.check().map(\.description) == [reason])
            settings.nodes = []
        }
    }

    private func text(_ settings: DHCPSettings) -> String? {
        do throws(DHCPSettingsError) {
            _ = try settings.check()
            return nil
        } catch {
            return error.description
        }
    }

    private func reservationsInConflict() throws -> [([DHCPReservation], String)] {
        func reservation(_ mac: UInt64, _ text: String?, name: String? = nil, groups: [String] = []) throws
            -> DHCPReservation
        {
            DHCPReservation(
                .mac(MACAddress(value: mac)), address: try text.map(address), hostName: name, groups: groups,
                origin: "reservation \(mac)")
        }
        return [
            (
                [try reservation(1, "10.79.0.1")],
                "reservation 1: the address 10.79.0.1 is in none of the subnets that are served"
            ),
            ([try reservation(1, "10.77.0.1")], "reservation 1: the address 10.77.0.1 is this server's own"),
            (
                [try reservation(1, "10.78.0.254")],
                "reservation 1: the address 10.78.0.254 is the router of 10.78.0.0/24"
            ),
            (
                [try reservation(1, "10.78.0.255")],
                "reservation 1: the address 10.78.0.255 is a network's or a broadcast address"
            ),
            (
                [try reservation(1, "10.77.0.9"), try reservation(2, "10.77.0.9")],
                "the address 10.77.0.9 is reserved twice: by reservation 1 and by reservation 2"
            ),
            (
                [try reservation(1, "10.77.0.8"), try reservation(1, "10.77.0.9")],
                "mac 00:00:00:00:00:01 has two reservations: reservation 1 and reservation 1"
            ),
            ([try reservation(1, nil, groups: ["b"])], "reservation 1: there is no group b"),
            (
                [try reservation(1, nil, name: "a_b")],
                "reservation 1: `a_b` is no host name: labels of 1 to 63 letters, digits and inner hyphens, at most 253 bytes"
            ),
        ]
    }
}
