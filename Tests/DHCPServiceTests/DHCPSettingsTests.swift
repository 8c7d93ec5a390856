import BootProtocols
import Testing

@testable import DHCPService

@Suite("DHCPSettings")
struct DHCPSettingsTests {
    private func settings(_ server: String = "10.77.0.1", _ subnet: String = "10.77.0.0/24") throws -> DHCPSettings {
        DHCPSettings(
            serverAddress: try address(server), subnet: try #require(IPv4Subnet(subnet)), httpPort: 8987)
    }

    @Test("without a pool, all hosts of the subnet are given but the server itself")
    func derived() throws {
        let settings = try settings()
        #expect(try settings.checkedPool() == (try address("10.77.0.1"))...(try address("10.77.0.254")))
        let pool = AddressPool(range: try settings.checkedPool(), withheld: settings.withheld)
        #expect(pool.size == 253)
        #expect(!pool.isServed(try address("10.77.0.1")))
        #expect(!pool.isServed(try address("10.77.0.0")))
        #expect(!pool.isServed(try address("10.77.0.255")))
    }

    @Test("of a wide subnet, the first 2^20 hosts")
    func wide() throws {
        let pool = try settings("10.0.0.1", "10.0.0.0/8").checkedPool()
        #expect(pool == (try address("10.0.0.1"))...(try address("10.16.0.0")))
    }

    @Test("a subnet of two gives the other one")
    func pointToPoint() throws {
        let settings = try settings("10.0.0.0", "10.0.0.0/31")
        let pool = AddressPool(range: try settings.checkedPool(), withheld: settings.withheld)
        #expect(pool.size == 1)
        #expect(pool.isServed(try address("10.0.0.1")))
    }

    @Test("router and DNS servers in the pool are not given")
    func withheld() throws {
        var settings = try settings()
        settings.router = try address("10.77.0.2")
        settings.nameServers = [try address("10.77.0.3"), try address("9.9.9.9")]
        settings.pool = (try address("10.77.0.2"))...(try address("10.77.0.4"))
        let pool = AddressPool(range: try settings.checkedPool(), withheld: settings.withheld)
        #expect(pool.size == 1)
        settings.pool = (try address("10.77.0.2"))...(try address("10.77.0.3"))
        #expect(throws: DHCPSettingsError.poolEmpty((try address("10.77.0.2"))...(try address("10.77.0.3")))) {
            try settings.checkedPool()
        }
    }

    @Test("what cannot be served is said")
    func refused() throws {
        let subnet = try #require(IPv4Subnet("10.77.0.0/24"))
        let outside = try address("10.78.0.1")
        #expect(throws: DHCPSettingsError.serverOutsideSubnet(outside, subnet)) {
            try settings("10.78.0.1").checkedPool()
        }
        var changed = try settings()
        changed.router = outside
        #expect(throws: DHCPSettingsError.routerOutsideSubnet(outside, subnet)) { try changed.checkedPool() }
        changed = try settings()
        changed.pool = (try address("10.77.0.9"))...outside
        #expect(throws: DHCPSettingsError.poolOutsideSubnet((try address("10.77.0.9"))...outside, subnet)) {
            try changed.checkedPool()
        }
        changed = try settings()
        changed.leaseSeconds = 59
        #expect(throws: DHCPSettingsError.leaseTooShort(seconds: 59)) { try changed.checkedPool() }
        changed = try settings("10.0.0.1", "10.0.0.0/8")
        changed.pool = (try address("10.1.0.0"))...(try address("10.17.0.0"))
        #expect(throws: DHCPSettingsError.poolTooLarge((try address("10.1.0.0"))...(try address("10.17.0.0")))) {
            try changed.checkedPool()
        }
        changed = try settings()
        changed.domain = String(repeating: "x", count: 254)
        #expect(throws: DHCPSettingsError.self) { try changed.checkedPool() }
        let whole = try settings("10.0.0.1", "10.0.0.1/32")
        #expect(throws: DHCPSettingsError.poolEmpty((try address("10.0.0.1"))...(try address("10.0.0.1")))) {
            try whole.checkedPool()
        }
    }
}
