import BootProtocols
import Testing

@testable import AgentKit

@Suite struct LeaseRenewalTests {
    @Test func renewsAtT1AndThenAtHalfOfWhatIsLeft() throws {
        let message = DHCPLeaseTests.ack {
            $0.options.leaseTime = 3600
            $0.options.renewalTime = 900
        }
        let lease = try #require(DHCPLease(acknowledged: message, at: 1_000))
        var renewal = LeaseRenewal(lease)
        #expect(renewal.due == 901_000)
        #expect(!renewal.isDue(at: 900_999))
        renewal.failed(at: 901_000)
        #expect(renewal.due == 2_251_000)
        renewal.failed(at: 3_590_000)
        #expect(renewal.due == 3_650_000)
    }

    @Test func neverComesForALeaseWithoutEnd() throws {
        let message = DHCPLeaseTests.ack { $0.options.leaseTime = .max }
        let renewal = LeaseRenewal(try #require(DHCPLease(acknowledged: message, at: 0)))
        #expect(!renewal.isDue(at: .max))
    }
}
