import Foundation
import Subprocess
import Testing

/// `perseid node` as an admin types it, on a registry of its own.
@Suite struct NodeCommandTests {
    private let state = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path

    /// Beside the test bundle, where SwiftPM builds every product.
    private static let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("perseid").path

    private struct Outcome {
        var succeeded: Bool
        var output: String
        var errors: String
    }

    @discardableResult
    private func node(_ words: String..., input: String = "") async throws -> Outcome {
        try await run(["node"] + words, input: input)
    }

    @discardableResult
    private func perseid(_ words: String...) async throws -> Outcome { try await run(words, input: "") }

    private func run(_ words: [String], input: String) async throws -> Outcome {
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments([Self.program] + words + ["--state", state]),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        return Outcome(
            succeeded: result.terminationStatus.isSuccess, output: result.standardOutput, errors: result.standardError)
    }

    private func withNodes(_ body: () async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: state) }
        let list = (1...12).map { "52:54:00:00:00:\($0 < 10 ? "0" : "")\($0) n\($0 < 10 ? "00" : "0")\($0)\n" }.joined()
        let imported = try await node("import", "-", "-y", "--capsule", "compute:stable", input: list)
        #expect(imported.output == "12 nodes changed\n", Comment(rawValue: imported.errors))
        try await body()
    }

    @Test func changesOneOrManyAndCountsThem() async throws {
        try await withNodes {
            #expect(try await node("list", "--names").output == "n[001-012]\n")
            try await node("set", "n[001-003] !n002", "--capsule", "compute@7", "-y")
            #expect(try await node("list", "--names", "capsule=compute@7").output == "n[001,003]\n")
            try await node("disable", "n005")
            #expect(try await node("list", "--names", "enabled=no").output == "n005\n")
            try await node("rename", "n012", "login")
            try await node("replace", "login", "52:54:00:00:00:aa")
            #expect(try await node("list", "login").output.contains("52:54:00:00:00:aa"))
            #expect(try await node("summary").output.contains("12  login n[001-011]"))
            try await node("delete", "n*", "-y")
            #expect(try await node("list", "--names").output == "login\n")
        }
    }

    @Test func showsBeforeItChangesAndAsks() async throws {
        try await withNodes {
            let dry = try await node("set", "n[001-002]", "--capsule", "compute@7", "--dry-run")
            #expect(dry.output.contains("n001: capsule compute:stable -> compute@7\n"))
            #expect(dry.output.hasSuffix("2 nodes would change\n"))
            let unasked = try await node("delete", "*")
            #expect(!unasked.succeeded && unasked.errors.contains("12 nodes; say -y"))
            let unsaid = try await node("delete")
            #expect(!unsaid.succeeded && unsaid.errors.contains("say which nodes"))
            #expect(try await node("list", "--names").output == "n[001-012]\n")
        }
    }

    @Test func saysEverythingThatIsWrongWithAListAndWritesNothing() async throws {
        try await withNodes {
            let bad = "52:54:00:00:00:01 other\n52:54:00:00:00:bb n002\nno line at all\n52:54:00:00:00:cc n020\n"
            let outcome = try await node("import", "-", "--format", "ethers", "-y", input: bad)
            #expect(!outcome.succeeded)
            for word in ["3 problems", "line 1: ", "line 2: ", "line 3: "] { #expect(outcome.errors.contains(word)) }
            #expect(try await node("list", "--names").output == "n[001-012]\n")
        }
    }

    @Test func namesWhatIsNotThere() async throws {
        try await withNodes {
            for (words, text) in [
                (["n[011-014]"], "no node n[013-014]"), (["colour=red"], "no `colour`"), (["n[1"], "has no `]`"),
            ] {
                let outcome = try await node("list", words[0])
                #expect(!outcome.succeeded && outcome.errors.contains(text), Comment(rawValue: outcome.errors))
            }
        }
    }

    @Test func isReadBackByOtherPrograms() async throws {
        try await withNodes {
            #expect(try await node("export", "slurm").output.contains("NodeName=n[001-012] State=UNKNOWN"))
            let hosts = try await node("export", "dhcpd", "n001")
            #expect(hosts.output.contains("host n001 { hardware ethernet 52:54:00:00:00:01;"))
            let again = try await node("import", "-", "--format", "dhcpd", input: hosts.output)
            #expect(again.output == "nothing to change\n")
        }
    }

    @Test func groupsGiveWhatNodesDoNotSay() async throws {
        try await withNodes {
            try await perseid("group", "add", "compute", "--console", "ttyS0", "--handoff", "kexec")
            try await perseid("group", "add", "gpu", "--inherits", "compute", "--capsule", "cuda:stable")
            try await node("unset", "n00[1-2]", "--capsule", "-y")
            try await node("set", "n00[1-2]", "--add-groups", "gpu", "-y")
            let shown = try await node("show", "n001", "--explain").output
            for words in ["cuda:stable .* group gpu", "ttyS0 .* group compute", "gpu .* the node"] {
                #expect(shown.contains(try Regex(words)), Comment(rawValue: shown))
            }
            #expect(try await perseid("group", "nodes", "compute").output == "n[001-002]\n")
            let circle = try await perseid("group", "set", "compute", "--inherits", "gpu")
            #expect(!circle.succeeded && circle.errors.contains("compute -> gpu -> compute"))
            let summary = try await perseid("group", "summary", "gpu")
            #expect(summary.output.contains("2  n[001-002]"))
            try await perseid("group", "delete", "gpu", "-y")
            #expect(try await node("list", "--names", "@compute").output == "\n")
        }
    }

    @Test func whatWasChangedIsToldAndTakenBack() async throws {
        try await withNodes {
            try await node("set", "n001", "--comment", "by the door", "--tags", "old,loud")
            let history = try await perseid("history", "n001").output
            #expect(history.contains("node set") && history.contains("comment - -> by the door"))
            let undone = try await perseid("undo").output
            #expect(undone == "n001: comment by the door -> -, tags old,loud -> -\n1 item changed\n")
            #expect(try await node("show", "n001").output.contains("door") == false)
            try await node("delete", "n*", "-y")
            try await perseid("undo", "-y")
            #expect(try await node("list", "--names").output == "n[001-012]\n")
            let json = try await perseid("history", "--change", "1", "--json")
            #expect(json.output.contains("\"what\" : \"node import\""))
        }
    }

    @Test func theNextBootIsSetShownAndCleared() async throws {
        try await withNodes {
            try await perseid("boot", "set", "n[001-003]", "capsule=compute@9", "--always", "-y")
            try await perseid("boot", "set", "n002", "memtest")
            let shown = try await perseid("boot", "show").output
            #expect(shown.contains(try Regex("n001 +always capsule=compute@9")))
            #expect(shown.contains(try Regex("n002 +once memtest")))
            try await perseid("boot", "clear", "n001")
            #expect(try await perseid("boot", "show").output.contains("n001") == false)
            let bad = try await perseid("boot", "set", "n001", "moon")
            #expect(!bad.succeeded && bad.errors.contains("local, install, capsule=NAME@GENERATION"))
        }
    }

    @Test func listsBringAddressesAndProgramsGetThemAll() async throws {
        try await withNodes {
            let csv = "name,mac,ip,groups,comment\nlogin,52:54:00:00:01:01 52:54:00:00:01:02,10.0.0.9,front,hello\n"
            let imported = try await node("import", "-", "--format", "csv", "--with-groups", input: csv)
            #expect(imported.output == "1 group added\n1 node changed\n", Comment(rawValue: imported.errors))
            #expect(
                try await node("export", "csv", "login").output.contains(
                    "52:54:00:00:01:01 52:54:00:00:01:02,10.0.0.9,front"))
            #expect(try await node("export", "hosts", "@front").output.contains("10.0.0.9\tlogin"))
            #expect(try await node("list", "login", "--yaml").output.contains("comment: hello"))
            let macs = "52:54:00:00:02:01\n52:54:00:00:02:02\n"
            let defined = try await node(
                "define", "m", "--count", "2", "--digits", "2", "--first-address", "10.0.0.8", "--macs", "-", "-y",
                input: macs)
            #expect(!defined.succeeded && defined.errors.contains("line 2: m02: 10.0.0.9 is login's already"))
            #expect(try await node("list", "--names", "m*").output == "\n")
        }
    }
}
