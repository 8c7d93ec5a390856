import PacketIO
import Testing

@testable import ControlPlane

struct DoctorTests {
    /// All well, without an interface.
    private func healthy() -> DoctorFacts {
        var facts = DoctorFacts()
        facts.isServing = true
        facts.foreignServers = []
        facts.duplicates = []
        facts.state = "/s"
        facts.stateMode = 0o40700
        facts.freeBytes = 10 << 30
        facts.stage1Kernel = "6.1.0"
        facts.subnets = [
            SubnetResource(
                subnet: "10.0.0.0/24", ranges: [], router: nil, leaseSeconds: 60, size: 100, leased: 89)
        ]
        facts.now = 1_800_000_000_000
        facts.latestEvent = 1_799_999_000_000
        return facts
    }

    private func found(_ change: (inout DoctorFacts) -> Void) -> [DoctorCheck] {
        var facts = healthy()
        change(&facts)
        return Doctor.examine(facts).checks.filter { $0.status != .ok }
    }

    @Test("where all is well every check is ok, and has no advice")
    func well() {
        let report = Doctor.examine(healthy())
        #expect(report.isHealthy && report.checks.count >= 10)
        #expect(report.checks.allSatisfy { $0.status == .ok && $0.advice == nil })
    }

    @Test(
        "each fault is found, as grave as it is, with what to do",
        arguments: [
            Fault("daemon", .warn) { $0.isServing = false },
            Fault("interface", .fail) { $0.interfaceName = "eth7" },
            Fault("ports", .fail) { facts in
                facts.isServing = false
                facts.portHolders = [Self.holder(7)]
            },
            Fault("ports", .warn) { $0.portHolders = [Self.holder(7)] },
            Fault("other DHCP servers", .fail) { $0.foreignServers = ["foreign DHCP server 10.0.0.9"] },
            Fault("duplicate addresses", .fail) { $0.duplicates = ["x claims y"] },
            Fault("static addresses", .warn) { $0.occupied = ["10.0.0.9 (x)"] },
            Fault("pool", .warn) { $0.subnets[0].leased = 90 }, Fault("pool", .fail) { $0.subnets[0].leased = 100 },
            Fault("state", .fail) { $0.stateMode = nil }, Fault("state", .fail) { $0.stateMode = 0o40755 },
            Fault("state", .fail) { facts in
                facts.user = 7
                facts.stateOwner = 8
            },
            Fault("state", .fail) { $0.exposedFiles = ["/s/keys/signing"] },
            Fault("disk space", .fail) { $0.freeBytes = 1 << 20 },
            Fault("disk space", .warn) { $0.freeBytes = 100 << 20 },
            Fault("stage 1", .fail) { $0.stage1Problem = "there is none" },
            Fault("stage 1", .fail) { $0.stage1TrustsKey = false },
            Fault("capsules", .fail) { $0.capsuleProblems = [("n1", "there is no capsule x")] },
            Fault("clock", .fail) { $0.now = 1_000_000 },
            Fault("clock", .warn) { $0.latestEvent = 1_800_000_100_000 },
            Fault("routing", .warn) { facts in
                facts.isRouter = true
                facts.forwards = false
            },
            Fault("watch", .warn) { $0.framesLost = 5 },
        ])
    func faults(fault: Fault) throws {
        let bad = found(fault.change).filter { $0.name == fault.name }
        let check = try #require(bad.first)
        #expect(check.status == fault.status && check.advice?.isEmpty == false)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let status: DoctorCheck.Status
        let change: @Sendable (inout DoctorFacts) -> Void

        init(
            _ name: String, _ status: DoctorCheck.Status, _ change: @escaping @Sendable (inout DoctorFacts) -> Void
        ) {
            self.name = name
            self.status = status
            self.change = change
        }

        var testDescription: String { "\(name): \(status)" }
    }

    private static func holder(_ process: Int32) -> PortHolder {
        PortHolder(
            transport: .udp, port: 67, userID: 0, processID: process, processName: "dnsmasq")
    }

    @Test("a port that this server itself holds is no fault")
    func ownPort() {
        #expect(
            found { facts in
                facts.ownProcess = 7
                facts.portHolders = [Self.holder(7)]
            }.isEmpty)
    }
}
