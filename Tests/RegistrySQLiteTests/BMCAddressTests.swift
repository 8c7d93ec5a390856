import Registry
import Testing

@Suite struct BMCAddressTests {
    @Test func readsHostsPortsAndSystems() throws {
        let plain = try #require(BMCAddress("10.1.0.9"))
        #expect(plain.host == "10.1.0.9" && plain.port == nil && plain.path == nil)
        let port = try #require(BMCAddress("bmc7.example:1623"))
        #expect(port.host == "bmc7.example" && port.port == 1623 && "\(port)" == "bmc7.example:1623")
        let system = try #require(BMCAddress("10.1.0.9:443/redfish/v1/Systems/3"))
        #expect(system.path == "/redfish/v1/Systems/3" && "\(system)" == "10.1.0.9:443/redfish/v1/Systems/3")
    }

    @Test(arguments: [
        "", ":623", "-Ievil", "a b", "h:0", "h:65536", "h:1:2", "h\n", "user@h", "h/elsewhere", "h/redfish/v1/../x",
        "h/redfish/v1/a?b", "h/redfish/v1/a\"", "/redfish/v1/Systems/1", "[::1]", "h;reboot",
    ]) func refusesWhatIsNoAddress(text: String) {
        #expect(BMCAddress(text) == nil)
    }
}
