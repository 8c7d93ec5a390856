import BootMachine
import BootProtocols
import Testing

@testable import AgentKit

@Suite struct StageTwoSettingsTests {
    @Test func surviveTheirFile() throws {
        var message = DHCPMessage(.reply, transactionID: 1, mac: DHCPClientTests.mac)
        message.yourAddress = DHCPClientTests.address
        message.options.serverIdentifier = DHCPClientTests.server
        let lease: DHCPLease = try #require(DHCPLease(acknowledged: message, at: 7))
        let settings = StageTwoSettings(
            servers: [ServerURL(address: DHCPClientTests.server, port: 8987)], token: "t", nodeName: "n01",
            capsule: "small@1", intervalSeconds: 30, interface: "eth0",
            lease: lease, undelivered: [AgentReport(kind: .handingOff, detail: "x")])
        let bytes = try JSONBytes.encode(settings)
        #expect(try JSONBytes.decode(StageTwoSettings.self, from: bytes) == settings)
        #expect(throws: JSONError.self) { try JSONBytes.decode(StageTwoSettings.self, from: Array(bytes.dropLast())) }
    }
}
