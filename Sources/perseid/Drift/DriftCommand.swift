import Administration
import ArgumentParser
import BootMachine
import CapsuleFormat
import CapsuleStore
import Foundation

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Shows which nodes run something other than their plan.",
        discussion: """
            Compares by content: what a node reported when it became ready (the digest of the index of all that it runs) \
            with what it would get if it booted now. Ends with status 1 if a node drifts.

              same      it runs what it would get
              drift     it runs something else
              unknown   it has not reported what it runs, or is not ready

            Example: perseid drift n001 n002
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "Capsule of the nodes for which nothing names one.")
    var capsule: String?

    func validate() throws {
        if let capsule { _ = try CapsuleReference.validated(capsule) }
    }

    func run() async throws {
        let session = try RegistrySession(state)
        let running = try await session.get(
            "running", query: nodes.words.map { (key: "select", value: $0) }, as: [RunningResource].self)
        let plans = try PlannedContents(store: state.open().openCapsules())
        var table = TextTable(columns: [.left, .left, .left, .left, .left])
        table.add(["NODE", "STATE", "RUNS", "PLAN", ""])
        var drifts = 0
        for node in running {
            let drift = Drift(of: node, planned: node.planned ?? capsule, plans)
            if case .drift = drift.verdict { drifts += 1 }
            table.add([node.name, drift.state.rawValue, drift.runs ?? "-", drift.plan ?? "-", drift.verdict.text])
        }
        print(table.text, terminator: "")
        if drifts > 0 { throw ExitCode(1) }
    }
}

/// What one node runs, beside what it would get.
struct Drift {
    enum Verdict: Equatable {
        case same
        case drift(String)
        case unknown(String)

        var text: String {
            switch self {
            case .same: "same"
            case .drift(let reason): "drift: \(reason)"
            case .unknown(let reason): "unknown: \(reason)"
            }
        }
    }

    var state: NodeState
    /// The generation that it reported.
    var runs: String?
    /// The generation that it would get.
    var plan: String?
    var verdict: Verdict

    init(of node: RunningResource, planned wanted: String?, _ plans: PlannedContents) {
        state = node.state
        let planned = plans.content(of: wanted)
        plan = try? planned.get().generation
        runs = node.ready.flatMap { $0.split(separator: ":").first.map(String.init) }
        verdict = Self.compare(state, node.ready.flatMap { RunningContent.read(from: $0) }, planned)
    }

    /// - Parameter running: SHA-256 of the index that the node reported.
    static func compare(
        _ state: NodeState, _ running: String?, _ planned: Result<PlannedContents.Content, PlannedContents.Missing>
    ) -> Verdict {
        guard state == .ready || state == .silent else { return .unknown("it is not ready") }
        guard let running else { return .unknown("it has not said what it runs") }
        switch planned {
        case .failure(let missing): return .drift(missing.reason)
        case .success(let content): return content.index == running ? .same : .drift("\(content.generation) is planned")
        }
    }
}

/// What plans would name now, each looked up once.
final class PlannedContents {
    struct Content: Equatable {
        var generation: String
        /// SHA-256 in hex.
        var index: String
    }

    struct Missing: Error, Equatable {
        var reason: String
    }

    private let store: CapsuleStore
    private var known: [String: Result<Content, Missing>] = [:]

    init(store: CapsuleStore) {
        self.store = store
    }

    func content(of reference: String?) -> Result<Content, Missing> {
        guard let reference else { return .failure(Missing(reason: "no capsule is planned for it")) }
        if let found = known[reference] { return found }
        let result: Result<Content, Missing>
        do {
            let generation = try store.resolve(CapsuleReference.validated(reference))
            let manifest = try store.manifest(of: generation)
            result = .success(Content(generation: "\(generation)", index: manifest.index.sha256.hex))
        } catch {
            result = .failure(Missing(reason: "\(error)"))
        }
        known[reference] = result
        return result
    }
}
