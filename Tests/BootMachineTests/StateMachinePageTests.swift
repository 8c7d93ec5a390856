import BootMachine
import Foundation
import Testing

/// docs/state-machine.md is made from the table and is the golden copy of every pair in it: a change of the table
/// fails here until somebody has looked at the page that `make docs` writes.
@Suite struct StateMachinePageTests {
    private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/state-machine.md")

    @Test func thePageIsTheTable() throws {
        let text = StateMachinePage.text
        if ProcessInfo.processInfo.environment["PERSEID_WRITE_DOCS"] != nil {
            try text.write(to: Self.page, atomically: true, encoding: .utf8)
        }
        let written = try String(contentsOf: Self.page, encoding: .utf8)
        #expect(written == text, "the table has changed: run `make docs` and read what it changed")
    }
}

/// The page: a picture that Mermaid draws, and each (state, event) pair.
private enum StateMachinePage {
    static var text: String {
        """
        # The state machine of a boot

        Where a node is comes from what it did or reported. An event leads from one state to another, or is recorded and
        changes nothing. Made from the table in `Sources/BootMachine/Transition.swift` by `make docs`; a test compares them.

        ```mermaid
        stateDiagram-v2
        \(arrows.joined(separator: "\n"))
        ```

        `discovered`, the first DISCOVER of a machine's firmware, begins a new attempt from every state; it is left out of
        the picture. So are events that leave a state as it is.

        ## Every pair

        An empty field: recorded, and nothing changes.

        | event | \(NodeState.allCases.map(\.rawValue).joined(separator: " | ")) |
        |---|\(String(repeating: "---|", count: NodeState.allCases.count))
        \(rows.joined(separator: "\n"))

        ## How long a state may last

        Without any event from its node a state ends by itself:

        | state | seconds | then |
        |---|---|---|
        \(limits.joined(separator: "\n"))

        """
    }

    private static var arrows: [String] { NodeState.allCases.flatMap { arrows(from: $0) } }

    /// Events that lead to the same state share an arrow.
    private static func arrows(from state: NodeState) -> [String] {
        let kinds = BootEvent.Kind.allCases.filter { $0 != .discovered }
        return NodeState.allCases.filter { $0 != state }.compactMap { target in
            let names = kinds.filter { Transition.next(from: state, on: $0) == target }.map(\.rawValue)
            return names.isEmpty
                ? nil : "    \(state.rawValue) --> \(target.rawValue): \(names.joined(separator: ", "))"
        }
    }

    private static var rows: [String] {
        BootEvent.Kind.allCases.map { kind in
            let fields = NodeState.allCases.map { Transition.next(from: $0, on: kind)?.rawValue ?? "" }
            return "| `\(kind.rawValue)` | \(fields.joined(separator: " | ")) |"
        }
    }

    private static var limits: [String] {
        NodeState.allCases.compactMap { state in
            Transition.limit(of: state).map { limit in
                let end = Transition.timeout(in: state)
                let next = Transition.next(from: state, on: end)?.rawValue ?? state.rawValue
                return "| \(state.rawValue) | \(limit / 1000) | `\(end.rawValue)`: \(next) |"
            }
        }
    }
}
