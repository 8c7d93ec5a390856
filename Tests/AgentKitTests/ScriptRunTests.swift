import CapsuleFormat
import FoundationEssentials
import Glibc
import Testing

@testable import AgentKit

/// With the machine's own shell as the root's: `/` is what they are run in, so only root can.
@Suite struct ScriptRunTests {
    private func script(_ name: String, _ stage: NodeScript.Stage = .ready, _ text: String = "") -> NodeScript {
        NodeScript(name: name, stage: stage, sha256: ContentDigest(hashing: Array(text.utf8)))
    }

    /// Runs a program as `ScriptRun` does after its check.
    private func ending(_ text: String, within limit: Int64 = 60_000) throws -> ScriptProcess.Ending {
        let room = try ScratchDirectory()
        try SmallFile.replace(room.path + "/script", with: Array("#!/bin/sh\n\(text)\n".utf8), permissions: 0o755)
        let process = try ScriptProcess(room.path + "/script", in: "/", environment: ["PATH=/bin:/usr/bin", "A=b c"])
        return try process.wait(until: BootClock.milliseconds() + limit)
    }

    @Test func theStagesAreApartAndInTheOrderOfNames() {
        let settings = CapsuleSettings(scripts: [
            script("20-b"), script("10-a"), script("05-c", .handoff), script("20-B"),
        ])
        #expect(ScriptRun.scripts(of: settings, at: .ready).map(\.name) == ["10-a", "20-B", "20-b"])
        #expect(ScriptRun.scripts(of: settings, at: .handoff).map(\.name) == ["05-c"])
        #expect(ScriptRun.scripts(of: nil, at: .ready).isEmpty)
    }

    @Test func aNodesOwnScriptsTakeTheCapsulesPlace() throws {
        func file(_ path: String, _ text: String) -> NodeLayer.File {
            NodeLayer.File(path: path, mode: 0o700, owner: 0, group: 0, contents: Data(text.utf8))
        }
        let settings = CapsuleSettings(scripts: [script("10-a"), script("20-b"), script("30-c")])
        let place = "/usr/lib/perseid/scripts/ready/"
        let layer = try NodeLayer([
            file(place + "20-b", "own"), file(place + "30-c", ""), file(place + "15-d", "new"),
            file(place + "40-e/inner", "x"), file(place + "Bad", "x"),
            file("/usr/lib/perseid/scripts/handoff/50-f", "x"),
            file("/etc/20-b", "x"),
        ])
        let ready = ScriptRun.scripts(of: settings, own: layer, at: .ready)
        #expect(ready.map(\.name) == ["10-a", "15-d", "20-b"])
        #expect(ready.last?.sha256 == ContentDigest(hashing: Array("own".utf8)))
        #expect(ScriptRun.scripts(of: nil, own: layer, at: .handoff).map(\.name) == ["50-f"])
    }

    @Test(.enabled(if: geteuid() == 0)) func saysHowItEndedAndWhatItSaidLast() throws {
        #expect(try ending("echo $A; echo two >&2") == .init(status: .exited(0), lastLines: "b c | two"))
        #expect(try ending("echo no; exit 7") == .init(status: .exited(7), lastLines: "no"))
        #expect(try ending("kill -9 $$").status == .killed(9))
        #expect(try ending("seq 1 200000").lastLines.hasSuffix("199999 | 200000"))
    }

    @Test(.enabled(if: geteuid() == 0)) func endsWithItsDeadlineAndTakesItsChildrenAlong() throws {
        #expect(try ending("echo waiting; sleep 600", within: 300).status == .late)
        #expect(try ending("exec >/dev/null 2>&1; sleep 600", within: 300).status == .late)
        // A child that keeps the output open holds nothing up.
        #expect(try ending("sleep 600 & echo done") == .init(status: .exited(0), lastLines: "done"))
    }

    @Test func runsNothingThatIsNotAsSigned() throws {
        let root = try ScratchDirectory()
        let signed = script("check", .handoff, "#!/bin/sh\nexit 0\n")
        let run = ScriptRun(nodeName: "n001", capsule: "small@1", root: root.path)
        let missing = #expect(throws: ScriptProblem.self) { try run.run(signed) }
        #expect(missing?.description.contains(signed.path) == true)
        try SmallFile.makeDirectory(root.path + "/usr/lib/perseid/scripts/handoff")
        try SmallFile.replace(root.path + signed.path, with: Array("#!/bin/sh\nexit 1\n".utf8), permissions: 0o755)
        let other = #expect(throws: ScriptProblem.self) { try run.run(signed) }
        #expect(other?.description.contains("is not what it was signed as") == true)
    }
}
