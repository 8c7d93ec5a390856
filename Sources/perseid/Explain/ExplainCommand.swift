import Administration
import ArgumentParser
import BootMachine
import Foundation
import Registry

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Tells a node's last boot step by step, and the likely cause of a failure.",
        discussion: """
            The rules behind it look at the events of the attempt; `perseid timeline` has those with bytes and times.

            Example: perseid explain n001
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.", completion: .custom { _, _, _ in NodeNames.all() })
    var node: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let session = try RegistrySession(state)
        let told = try await session.get("nodes/\(node)/explanation", as: ExplanationResource.self)
        if output.isForPrograms { return try output.print(told) }
        let attempt = told.attempt.map { "attempt \($0)" } ?? "no attempt"
        print("\(told.node)  \(attempt)  \(told.state.rawValue)")
        if let failure = told.failure { print(failure) }
        for (index, finding) in told.findings.enumerated() {
            print("\n\(index == 0 ? "" : "also: ")\(finding.cause)\n  → \(finding.advice)")
        }
        print()
        var table = TextTable(columns: [.right, .left, .left])
        for step in told.steps {
            let words = step.detail.isEmpty ? step.kind.rawValue : "\(step.kind.rawValue): \(step.detail)"
            table.add([String(format: "%.2f s", step.seconds), step.state.rawValue, words])
        }
        print(table.text, terminator: "")
    }
}
