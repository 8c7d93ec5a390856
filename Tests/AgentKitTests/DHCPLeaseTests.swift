import BootProtocols
import Testing

@testable import AgentKit

@Suite struct DHCPLeaseTests {
    static func ack(_ change: (inout DHCPMessage) -> Void) -> DHCPMessage {
        var message = DHCPMessage(.reply, transactionID: 1, mac: DHCPClientTests.mac)
        message.yourAddress = IPv4Address(value: 0xc0a8_0105)
        message.options.messageType = .ack
        message.options.serverIdentifier = IPv4Address(value: 0xc0a8_0101)
        change(&message)
        return message
    }

    @Test func readsWhatCameWithTheAddress() throws {
        let message = Self.ack {
            $0.options.subnetMask = IPv4Address(value: 0xffff_fe00)
            $0.options.routers = [IPv4Address(value: 0xc0a8_0001)]
            $0.options.domainNameServers = [IPv4Address(value: 0x0808_0808)]
            $0.options.domainName = "cluster.example"
            $0.options.hostName = "n01"
            $0.options.leaseTime = .max
        }
        let lease = try #require(DHCPLease(acknowledged: message, at: 5))
        #expect(lease.subnet?.description == "192.168.0.0/23")
        #expect(lease.router?.description == "192.168.0.1")
        #expect(lease.hostName == "n01")
        #expect(lease.leaseSeconds == nil && lease.renewalSeconds == nil)
        #expect(lease.resolverLines == ["search cluster.example", "nameserver 8.8.8.8"])
    }

    @Test func doesWithoutOrWithAHoledMask() throws {
        #expect(DHCPLease(acknowledged: Self.ack { _ in }, at: 0)?.prefixLength == 24)
        let holed = Self.ack { $0.options.subnetMask = IPv4Address(value: 0xff00_ff00) }
        #expect(DHCPLease(acknowledged: holed, at: 0)?.prefixLength == 24)
        let host = Self.ack { $0.options.subnetMask = .broadcast }
        #expect(DHCPLease(acknowledged: host, at: 0)?.prefixLength == 32)
        let classA = Self.ack { $0.yourAddress = IPv4Address(value: 0x0a01_0203) }
        #expect(DHCPLease(acknowledged: classA, at: 0)?.prefixLength == 8)
    }

    @Test func takesNoNameThatCouldBeMoreThanAName() {
        let message = Self.ack {
            $0.options.domainName = "x\nnameserver 6.6.6.6"
            $0.options.hostName = "a b"
        }
        let lease = DHCPLease(acknowledged: message, at: 0)
        #expect(lease?.domain == nil)
        #expect(lease?.hostName == nil)
    }

    @Test func isNoneWithoutAddressOrServer() {
        #expect(DHCPLease(acknowledged: Self.ack { $0.yourAddress = .any }, at: 0) == nil)
        #expect(DHCPLease(acknowledged: Self.ack { $0.options.serverIdentifier = nil }, at: 0) == nil)
    }

    @Test func staysBetweenOneSecondAndTheLease() throws {
        for (lease, t1, expected) in [(10, 0, 1), (10, 100, 10), (0, 5, 1), (7, nil, 3)] as [(UInt32, UInt32?, Int64)] {
            let message = Self.ack {
                $0.options.leaseTime = lease
                $0.options.renewalTime = t1
            }
            #expect(DHCPLease(acknowledged: message, at: 0)?.renewalSeconds == expected)
        }
    }
}
