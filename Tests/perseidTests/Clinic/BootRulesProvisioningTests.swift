import Administration
import BootMachine
import BootProtocols
import CLinux
import CapsuleFormat
import Foundation
import PacketIO
import Registry
import Testing

@testable import AgentKit
@testable import perseid

/// Rules of the boot doctor on machines that fail while they fetch, hand over or run: the agent's own code fetches real
/// chunks and runs real scripts.
@Suite("BootRules: provisioning")
struct BootRulesProvisioningTests {
    /// A machine whose stage 1 has checked in and knows the capsule.
    private struct Ward: ~Copyable {
        let clinic: Clinic
        let patient: Patient
        var stage: StageOne
        let plan: Plan
        let contents: CapsuleContents

        init() async throws {
            let clinic = try await Clinic(building: true)
            var patient = Patient(clinic)
            var stage = try patient.stageOne(try await patient.load())
            let plan = try stage.checkIn(as: patient.mac, at: patient.address).plan
            let contents = try stage.fetchContents(plan)
            (self.clinic, self.patient, self.plan, self.contents) = (clinic, patient, plan, contents)
            self.stage = stage
        }

        /// Fetches the root into a file in memory.
        mutating func fetch(from servers: [ServerURL]? = nil) throws(StepFailure) {
            guard let root = ChunkedStream(.root, of: contents.index), let file = try? Kexec.memoryFile("root") else {
                throw StepFailure(.capsule, CapsuleProblem.noStream("tiny@1", .root))
            }
            // In many small ranges, so that there is something to break off.
            let transfer = CapsuleTransfer(
                [root], into: [file], connections: 1, planner: FetchPlanner(maximumLength: 64 << 10))
            let servers = servers ?? stage.sources(plan)
            do throws(StepFailure) {
                try stage.run(transfer, of: "\(contents.generation)", from: servers)
            } catch {
                stage.tell(error, pause: 1)
                throw error
            }
        }

        /// As `handOver` does before it is another program.
        mutating func handOver() {
            stage.session.report(AgentReport(kind: .handingOff, detail: "handing over to /sbin/init of tiny@1"))
            stage.session.deliver(within: 5000)
        }

        /// The agent in the runtime OS.
        func stageTwo() -> StageTwo {
            StageTwo(
                StageTwoSettings(
                    servers: stage.settings.servers, token: stage.session.api.token, nodeName: plan.nodeName,
                    capsule: "tiny@1", content: contents.manifest.index.sha256.hex, intervalSeconds: 30,
                    interface: "lo", lease: nil, undelivered: [], scripts: []),
                keptIn: clinic.state.path)
        }
    }

    @Test func aGoodBoot() async throws {
        var ward = try await Ward()
        try ward.fetch()
        try ward.clinic.expect("under-way")
        ward.handOver()
        try ward.clinic.pass(seconds: 20)
        #expect(try ward.clinic.rules() == ["under-way"], "the runtime OS is given some time")
        var system = ward.stageTwo()
        system.reportReady("running")
        #expect(try ward.clinic.rules() == ["ready"])
    }

    @Test func damaged() async throws {
        var ward = try await Ward()
        try ward.clinic.damageBundles()
        #expect(throws: StepFailure.self) { try ward.fetch() }
        try ward.clinic.expect("damaged")
    }

    @Test func unsteady() async throws {
        var ward = try await Ward()
        // Behind the longest chunk, so that each connection brings something.
        let line = try FlakyLine(to: ward.clinic.httpPort, resets: 4, after: 1_200_000)
        defer { line.close() }
        try ward.fetch(from: [line.url])
        ward.stage.session.deliver(within: 5000)
        try ward.clinic.expect("unsteady")
        ward.handOver()
        var system = ward.stageTwo()
        system.reportReady("running")
        #expect(
            try ward.clinic.rules() == ["ready", "unsteady"], "what hindered it is said of a node that came up, too")
    }

    @Test func stoppedMidway() async throws {
        var ward = try await Ward()
        try ward.fetch()
        try ward.clinic.pass(seconds: 601)
        try ward.clinic.expect("stopped-midway")
    }

    @Test func slowTransfer() async throws {
        var ward = try await Ward()
        try ward.fetch()
        try ward.clinic.pass(seconds: 310)
        ward.handOver()
        try ward.clinic.expect("slow-transfer")
    }

    @Test func neverReady() async throws {
        var ward = try await Ward()
        ward.handOver()
        try ward.clinic.pass(seconds: 121)
        try ward.clinic.expect("never-ready")
        try ward.clinic.pass(seconds: 400)
        try ward.clinic.expect("never-ready")
        #expect(try ward.clinic.explanation().state == .failed)
    }

    @Test func silent() async throws {
        var ward = try await Ward()
        ward.handOver()
        var system = ward.stageTwo()
        system.reportReady("running")
        try ward.clinic.pass(seconds: 181)
        try ward.clinic.expect("silent")
        system.turn(at: BootClock.milliseconds())
        system.session.deliver(within: 5000)
        try ward.clinic.expect("ready", "its heartbeat is back")
    }

    /// A real interpreter in a root of its own, and a script that ends with an error. Root may change into it.
    @Test(
        .enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/bin/busybox")),
        arguments: [
            (NodeScript.Stage.handoff, "script-failed"), (.preInstall, "pre-install"), (.postInstall, "post-install"),
        ])
    func scripts(stage: NodeScript.Stage, rule: String) async throws {
        var ward = try await Ward()
        let root = ward.clinic.state.path + "/root"
        let text = Data("#!/bin/busybox sh\necho no such user; exit 3\n".utf8)
        let script = NodeScript(name: "10-users", stage: stage, sha256: ContentDigest(hashing: Array(text)))
        let path = URL(fileURLWithPath: root + script.path)
        for directory in [path.deletingLastPathComponent().path, root + "/bin", root + "/dev"] {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: root + "/bin/busybox")
        try text.write(to: path)
        // What it reads from its standard input.
        try Data().write(to: URL(fileURLWithPath: root + "/dev/null"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.path)
        do throws(ScriptProblem) {
            try ward.stage.session.run(script, by: ScriptRun(nodeName: "n001", capsule: "tiny@1", root: root))
            Issue.record("it succeeded")
        } catch {
            ward.stage.tell(StepFailure(.script, error), pause: 1)
        }
        #expect(try ward.clinic.cause() == rule)
        #expect(try ward.clinic.explanation().failure?.contains("no such user") == true)
    }

    /// Asked of this machine's kernel by a thread that may not, which gets Secure Boot's answer (EPERM).
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/sys/kernel/kexec_load_disabled")))
    func kexecRefused() async throws {
        var ward = try await Ward()
        let problem = try await onThread { () -> HandoffProblem? in
            perseid_drop_capabilities()
            do throws(HandoffProblem) {
                let (kernel, initramfs) = (try? Kexec.memoryFile("kernel"), try? Kexec.memoryFile("initramfs"))
                guard let kernel, let initramfs else { return nil }
                try Kexec.load(kernel: kernel, initramfs: initramfs, commandLine: "quiet")
                return nil
            } catch {
                return error
            }
        }
        ward.stage.tell(StepFailure(.handoff, try #require(problem)), pause: 1)
        try ward.clinic.expect("kexec-refused")
    }

    /// Bundles that somebody took away: nothing that another rule knows.
    @Test func failed() async throws {
        var ward = try await Ward()
        try ward.clinic.removeBundles()
        #expect(throws: StepFailure.self) { try ward.fetch() }
        try ward.clinic.expect("failed")
        #expect(try ward.clinic.explanation().failure?.contains("no server gives") == true)
    }
}
