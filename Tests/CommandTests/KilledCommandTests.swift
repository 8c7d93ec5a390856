import Foundation
import Glibc
import Subprocess
import Testing

/// The built `perseid`, killed with SIGKILL while it changes nodes and groups: the registry opens, each change is whole
/// or not there, and the history tells the nodes as they are.
@Suite struct KilledCommandTests {
    private struct Change: Decodable {
        struct Item: Decodable {
            struct Value: Decodable { var before, after: String? }

            var name: String
            var mac: String?
            var kind: String
            var fields: [String: Value]
        }

        var number: Int
        var what: String
        var items: [Item]
    }

    private struct Node: Decodable {
        var name: String
        var mac: String
        var fields: [String: String]
        var version: Int
    }

    /// What the history says that there is: by MAC address, the fields, and the change that wrote last.
    private struct Replay {
        var nodes: [String: (fields: [String: String], version: Int)] = [:]
        var changes = 0

        mutating func take(_ change: Change) {
            changes = change.number
            for item in change.items {
                guard let mac = item.mac else { continue }
                var fields = nodes[mac]?.fields ?? [:]
                for (key, value) in item.fields { fields[key] = value.after }
                nodes[mac] = item.kind == "removed" ? nil : (fields, change.number)
            }
        }
    }

    private static let count = 400
    private let state = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    private static let program = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("perseid").path

    private func arguments(_ words: [String]) -> Arguments { Arguments([Self.program] + words + ["--state", state]) }

    private func output(_ words: String...) async throws -> Data {
        let result = try await Subprocess.run(
            .name("env"), arguments: arguments(words), output: .data(limit: 64 << 20),
            error: .string(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, Comment(rawValue: result.standardError))
        return result.standardOutput
    }

    private func list(_ round: Int) throws -> String {
        let lines = (0..<Self.count).map { index in
            String(
                format: "52:54:%02x:%02x:%02x:%02x r%d-%03d", round >> 8, round & 255, index >> 8, index & 255, round,
                index)
        }
        let path = state + "/list-\(round)"
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// A change that touches many at once, another kind for each round.
    private func change(_ round: Int) throws -> [String] {
        switch round % 7 {
        case 0: ["node", "import", try list(round), "--capsule", "a@\(round + 1)", "-y"]
        case 1: ["node", "set", "*", "--comment", "round \(round)", "--add-tags", "t\(round)", "-y"]
        case 2: ["group", "add", "g\(round)", "--capsule", "g@\(round)"]
        case 3: ["node", "set", "r0-0*", "--add-groups", "base", "-y"]
        case 4: ["group", "rename", "base", "base"]
        case 5: ["node", "rename", "r0-00\(round % 10)", "x\(round)"]
        default: ["undo", "-y"]
        }
    }

    /// Runs a command and kills it after a time, unless it has come to its end.
    /// - Returns: true if it came to its end.
    private func killed(_ words: [String], after delay: Duration) async throws -> Bool {
        let result = try await Subprocess.run(
            .name("env"), arguments: arguments(words), input: .none, output: .discarded, error: .discarded
        ) { execution in
            try await Task.sleep(for: delay)
            try? execution.send(signal: .kill)
        }
        return result.terminationStatus.isSuccess
    }

    private func expectWhole(_ replay: inout Replay, _ context: Comment) async throws {
        let newest = try JSONDecoder().decode([Change].self, from: await output("history", "--limit", "1000", "--json"))
        for number in newest.map(\.number).filter({ $0 > replay.changes }).sorted() {
            let words = try await output("history", "--change", "\(number)", "--json")
            replay.take(try #require(try JSONDecoder().decode([Change].self, from: words).first))
        }
        let nodes = try JSONDecoder().decode([Node].self, from: await output("node", "list", "--json"))
        #expect(nodes.count == replay.nodes.count, context)
        for node in nodes {
            let told = replay.nodes[node.mac]
            #expect(told?.version == node.version, context)
            var fields = node.fields
            fields["name"] = node.name
            #expect(told?.fields == fields, context)
        }
        // Lists come in whole: none has a part of its nodes.
        let lists = Dictionary(grouping: nodes.filter { $0.name.hasPrefix("r") }) { $0.name.split(separator: "-")[0] }
        #expect(lists.allSatisfy { $0.key == "r0" || $0.value.count == Self.count }, context)
        let tagged = Set(nodes.filter { $0.name.hasPrefix("r0-") }.map { $0.fields["comment"] ?? "" })
        #expect(tagged.count <= 1, context)
    }

    @Test func everyChangeIsWholeOrNotThere() async throws {
        defer { try? FileManager.default.removeItem(atPath: state) }
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        _ = try await output("node", "import", try list(0), "-y")
        _ = try await output("group", "add", "base")
        var replay = Replay()
        try await expectWhole(&replay, "before")
        let clock = ContinuousClock()
        var cut = 0
        for round in 1...28 {
            let words = try change(round)
            // How long it takes where nobody kills it, on a copy; then at another part of that each time.
            let copy = state + "-copy"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: state, toPath: copy)
            let whole = try await clock.measure {
                _ = try await Subprocess.run(
                    .name("env"), arguments: Arguments([Self.program] + words + ["--state", copy]), output: .discarded,
                    error: .discarded)
            }
            try? FileManager.default.removeItem(atPath: copy)
            if try await !killed(words, after: whole * Double.random(in: 0.3...1)) { cut += 1 }
            try await expectWhole(&replay, "round \(round): \(words.joined(separator: " "))")
        }
        #expect(cut > 5, "most were killed in time: \(cut)")
    }
}
