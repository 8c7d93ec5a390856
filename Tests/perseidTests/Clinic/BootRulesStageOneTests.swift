import BootMachine
import BootProtocols
import CLinux
import CapsuleFormat
import CapsuleStore
import Foundation
import Glibc
import PacketIO
import Registry
import Testing

@testable import AgentKit
@testable import perseid

/// Rules of the boot doctor on what the agent itself says: its own code runs, in a machine that lacks something, and
/// tells a real server.
@Suite("BootRules: stage 1")
struct BootRulesStageOneTests {
    @Test func stoppedAfterCheckIn() async throws {
        let clinic = try await Clinic(building: true)
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        _ = try stage.checkIn(as: patient.mac, at: patient.address)
        try clinic.expect("under-way")
        try clinic.pass(seconds: 301)
        try clinic.expect("stopped-after-check-in")
    }

    @Test func untrustedKey() async throws {
        let clinic = try await Clinic(building: true)
        var patient = Patient(clinic)
        let trusted = try directory(of: clinic, holding: SigningKey().publicKeyFile)
        var stage = try patient.stageOne(try await patient.load(), trusting: trusted)
        #expect(fails(&stage, patient) { stage, plan throws(StepFailure) in _ = try stage.fetchContents(plan) })
        try clinic.expect("untrusted-key")
    }

    @Test func expiredKey() async throws {
        let clinic = try await Clinic(building: true)
        var patient = Patient(clinic)
        let key = try #require(try clinic.capsules.publicKeys().first)
        let trusted = try directory(of: clinic, holding: key.file + Array("expires 1700000000\n".utf8))
        var stage = try patient.stageOne(try await patient.load(), trusting: trusted)
        #expect(fails(&stage, patient) { stage, plan throws(StepFailure) in _ = try stage.fetchContents(plan) })
        try clinic.expect("expired")
    }

    @Test func expiredCapsule() async throws {
        let clinic = try await Clinic(building: true)
        try clinic.rewrite("tiny@1") { $0.expires = 1_700_000_000 }
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        #expect(fails(&stage, patient) { stage, plan throws(StepFailure) in _ = try stage.fetchContents(plan) })
        try clinic.expect("expired")
    }

    /// More chunks than this machine has memory, as an index says it.
    @Test func memory() async throws {
        let clinic = try await Clinic(building: true)
        let available = try #require(MemoryInfo.now()).availableBytes
        let bundle = CapsuleIndex.Bundle(
            id: ContentDigest(hashing: [1]), size: CapsuleIndex.maximumChunkLength)
        let chunk = ChunkEntry(
            id: ContentDigest(hashing: [2]), storedLength: bundle.size, rawLength: bundle.size, bundle: 0, offset: 0)
        let count = Int(available / Int64(bundle.size)) + 64
        let index = try CapsuleIndex(
            streams: [(role: .root, chunks: Array(repeating: chunk, count: count))], bundles: [bundle])
        try clinic.rewrite("tiny@1", index: index) { manifest in
            manifest.streams = [
                .init(role: .root, size: Int64(count) * Int64(bundle.size), sha256: ContentDigest(hashing: [3]))
            ]
        }
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        #expect(
            fails(&stage, patient) { stage, plan throws(StepFailure) in
                try stage.assemble(try stage.fetchContents(plan), plan)
            })
        try clinic.expect("memory")
    }

    /// In a network namespace without any card. Root may make one.
    @Test(.enabled(if: geteuid() == 0)) func noDriver() async throws {
        let failure = try await networkFailure { _ in }
        try await tellsLater(failure, rule: "no-driver")
    }

    /// In one whose only card, a bridge without ports, has no carrier.
    @Test(.enabled(if: geteuid() == 0)) func noCarrier() async throws {
        let failure = try await networkFailure { socket in
            var name: [CChar] = "br0".utf8CString.map { $0 }
            name += Array(repeating: 0, count: 16)
            try systemCall("SIOCBRADDBR") { ioctl(socket, UInt(0x89a0), &name) }
        }
        try await tellsLater(failure, rule: "no-carrier")
    }

    // MARK: - Parts

    /// Checks in and does one thing that fails, which is told as stage 1's loop tells it.
    private func fails(
        _ stage: inout StageOne, _ patient: Patient, _ body: (inout StageOne, Plan) throws(StepFailure) -> Void
    ) -> Bool {
        do throws(StepFailure) {
            try body(&stage, try stage.checkIn(as: patient.mac, at: patient.address).plan)
            return false
        } catch {
            stage.tell(error, pause: 1)
            return true
        }
    }

    private func directory(of clinic: Clinic, holding key: [UInt8]) throws -> String {
        let path = clinic.state.path + "/trusted"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(key).write(to: URL(fileURLWithPath: path + "/key.pub"))
        return path
    }

    /// Why stage 1 gets no network in a namespace of its own.
    private func networkFailure(_ prepare: @escaping @Sendable (Int32) throws -> Void) async throws -> StepFailure {
        try await onThread {
            guard let call = dlsym(nil, "unshare") else { throw CocoaError(.featureUnsupported) }
            let unshare = unsafeBitCast(call, to: (@convention(c) (Int32) -> Int32).self)
            // CLONE_NEWNET: of this thread, and with it gone.
            try systemCall("unshare") { unshare(0x4000_0000) }
            let descriptor = FileDescriptor(
                owning: try systemCall("socket") { socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0) })
            try prepare(descriptor.raw)
            do throws(NetworkProblem) {
                _ = try NodeNetwork.bringUp(
                    mac: nil, console: Console(), patience: NodeNetwork.Patience(card: 300, carrier: 300)
                ) {}
            } catch {
                return StepFailure(.network, error)
            }
            throw CocoaError(.featureUnsupported)
        }
    }

    /// A machine without a network tells of it once it has one.
    private func tellsLater(_ failure: StepFailure, rule: String) async throws {
        let clinic = try await Clinic(building: true)
        var patient = Patient(clinic)
        var stage = try patient.stageOne(try await patient.load())
        stage.tell(failure, pause: 1)
        _ = try stage.checkIn(as: patient.mac, at: patient.address)
        stage.session.deliver(within: 5000)
        #expect(try clinic.cause() == rule)
    }
}
