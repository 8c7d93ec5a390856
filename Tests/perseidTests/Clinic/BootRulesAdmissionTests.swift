import Administration
import BootMachine
import BootProtocols
import CapsuleFormat
import Foundation
import Registry
import Testing

@testable import AgentKit
@testable import perseid

/// Rules of the boot doctor on what a real server said to machines that it did not let boot, each until the cause is
/// gone.
@Suite("BootRules: admission")
struct BootRulesAdmissionTests {
    private func note(_ what: String) -> ChangeNote { ChangeNote(author: "admin", what: what, at: 1) }

    @discardableResult
    private func set(_ fields: [String: String], _ clinic: Clinic) throws -> ChangeResult {
        try clinic.registry.change(
            ChangeRequest(select: ["n001"], set: fields), by: note("node set"))
    }

    /// Stage 1's word, and what it was told.
    @discardableResult
    private func checkIn(_ stage: inout StageOne, _ patient: Patient) throws -> Plan {
        try stage.checkIn(as: patient.mac, at: patient.address).plan
    }

    @Test func disabledBeforeItsAddress() async throws {
        let clinic = try await Clinic(node: Node(mac: Clinic.mac, name: "n001", capsule: "tiny", enabled: false))
        var patient = Patient(clinic)
        #expect(try clinic.receive(patient.message(.discover, by: .rom)).isEmpty)
        try clinic.expect("disabled")
        try set(["enabled": "true"], clinic)
        try patient.lease()
        try patient.lease(as: .ipxe)
        _ = try await patient.script()
        #expect(try clinic.cause() != "disabled")
    }

    @Test func disabledInStageOne() async throws {
        let clinic = try await Clinic(building: true)
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        try set(["enabled": "false"], clinic)
        #expect(try checkIn(&stage, patient).action == .wait)
        try clinic.expect("disabled")
        try set(["enabled": "true"], clinic)
        #expect(try checkIn(&stage, patient).action == .diskless)
        try clinic.expect("under-way")
    }

    @Test func quarantine() async throws {
        let clinic = try await Clinic(node: nil)
        let name = "unknown-525400123456"
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        try checkIn(&stage, patient)
        try clinic.expect("quarantine", of: name)
        _ = try clinic.registry.assign(
            AssignRequest([.init(mac: "\(patient.mac)", name: "n001")]), by: note("discover"))
        try checkIn(&stage, patient)
        try clinic.expect("no-capsule", "the next thing that it lacks")
    }

    @Test func capsuleMissing() async throws {
        let clinic = try await Clinic(node: Node(mac: Clinic.mac, name: "n001", capsule: "nosuch@7"), building: true)
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        try checkIn(&stage, patient)
        try clinic.expect("capsule-missing")
        try set(["capsule": "tiny"], clinic)
        try checkIn(&stage, patient)
        try clinic.expect("under-way")
    }

    @Test func kernelMismatch() async throws {
        let clinic = try await Clinic(
            node: Node(mac: Clinic.mac, name: "n001", capsule: "tiny", handoff: .switch), building: true)
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        stage.settings.kernelDigest = ContentDigest(hashing: Array("another".utf8)).hex
        try checkIn(&stage, patient)
        try clinic.expect("kernel-mismatch")
    }
}
