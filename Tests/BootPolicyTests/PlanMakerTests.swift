import BootMachine
import BootPolicy
import BootProtocols
import Registry
import Testing

@Suite struct PlanMakerTests {
    private let mac = MACAddress(value: 0x5254_0012_3456)
    private let capsule = BootableCapsule(reference: "small@3", kernelDigest: "aa", kernelRelease: "6.1")

    private func plan(
        _ node: Node, runs kernel: String = "aa", phase: CheckIn.Phase = .stage1, default reference: String? = nil,
        handoff: Plan.Handoff? = nil
    ) -> Plan {
        let inventory = Inventory(
            cpus: 1, memoryBytes: 1 << 30, firmware: "bios", uuid: nil, serial: nil, product: nil,
            uptimeMilliseconds: 1)
        let checkIn = CheckIn(
            phase: phase, mac: mac, address: .any, kernelRelease: "5.10", kernelDigest: kernel, inventory: inventory)
        return PlanMaker(defaultCapsule: reference, handoff: handoff, servers: ["http://10.0.0.1"])
            .plan(for: node, checkIn: checkIn) { wanted in
                guard wanted.hasPrefix("small") else { throw Missing() }
                return capsule
            }
    }

    private struct Missing: Error, CustomStringConvertible {
        var description: String { "there is no such capsule" }
    }

    @Test func theKernelsDecideOnTheHandoff() {
        let node = Node(mac: mac, name: "n001", capsule: "small:stable")
        #expect(plan(node).handoff == .switch)
        #expect(plan(node).capsule == "small@3")
        #expect(plan(node, runs: "bb").handoff == .kexec)
        #expect(plan(node, runs: "bb", phase: .runtimeKernel).handoff == .switch)
    }

    @Test func theNodeOverridesTheServerAndBothTheKernels() {
        var node = Node(mac: mac, name: "n001", capsule: "small")
        #expect(plan(node, handoff: .kexec).handoff == .kexec)
        node.handoff = .switch
        #expect(plan(node, handoff: .kexec).handoff == .switch)
        #expect(plan(node, runs: "bb").action == .wait, "switch into a capsule of another kernel cannot work")
    }

    @Test func aKexecIsNotRepeated() {
        let node = Node(mac: mac, name: "n001", capsule: "small", handoff: .kexec)
        #expect(plan(node, phase: .runtimeKernel).handoff == .switch)
    }

    @Test func whoGetsNothingIsToldWhy() {
        let waiting = [
            plan(Node(mac: mac, name: "n", enabled: false)), plan(Node(mac: mac, name: "n", approved: false)),
            plan(Node(mac: mac, name: "n")), plan(Node(mac: mac, name: "n", capsule: "other")),
        ]
        #expect(waiting.allSatisfy { $0.action == .wait && $0.capsule == nil && $0.waitSeconds > 0 })
        #expect(waiting.last?.reasons == ["there is no such capsule"])
        #expect(plan(Node(mac: mac, name: "n"), default: "small").capsule == "small@3")
    }
}
