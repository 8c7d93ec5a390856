import ArgumentParser
import BootMachine
import Foundation
import NodeLists
import Registry

/// How a command that changes nodes goes about it.
struct NodeEdit: ParsableArguments {
    @Flag(help: "Show what would change on which nodes, and change nothing.")
    var dryRun = false
    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    /// Writes `changes` in one transaction, after it has shown and asked what there is to ask.
    /// - Parameters:
    ///   - lines: what changes, a line each.
    ///   - count: nodes that change.
    func carryOut(_ changes: [Change], _ lines: [String], on count: Int, in registry: any Store) throws {
        guard !changes.isEmpty else {
            print("nothing to change")
            return
        }
        if dryRun {
            for line in lines { print(line) }
            print("\(count) \(count == 1 ? "node" : "nodes") would change")
            return
        }
        if count > 1, !yes { try ask(lines, count) }
        do {
            try registry.write(changes)
        } catch RegistryError.duplicate {
            throw RegistryError.duplicate("one of these names or MAC addresses")
        }
        print("\(count) \(count == 1 ? "node" : "nodes") changed")
    }

    private func ask(_ lines: [String], _ count: Int) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("this changes \(count) nodes; say -y, or look first with --dry-run")
        }
        for line in lines.prefix(20) { print(line) }
        if lines.count > 20 { print("… and \(lines.count - 20) more") }
        print("change \(count) nodes? [y/N] ", terminator: "")
        fflush(nil)
        guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw CleanExit.message("nothing was changed") }
    }
}

extension NodeEdit {
    /// Changes each node by `body`, and says of each what is new.
    func change(_ records: [NodeRecord], in registry: any Store, _ body: (inout Node) -> Void) throws {
        var changes: [Change] = []
        var lines: [String] = []
        for record in records {
            var node = record.node
            body(&node)
            guard node != record.node else { continue }
            changes.append(.node(node))
            lines.append("\(record.node.name): \(Self.difference(record.node, node).joined(separator: ", "))")
        }
        try carryOut(changes, lines, on: changes.count, in: registry)
    }

    private static func difference(_ old: Node, _ new: Node) -> [String] {
        let before = NodeRecord(node: old, state: .registered).subject
        let after = NodeRecord(node: new, state: .registered).subject
        return NodeRecord.keys.compactMap { key in
            let (was, now) = (before.values(key)?.first, after.values(key)?.first)
            return was == now ? nil : "\(key) \(was ?? "-") -> \(now ?? "-")"
        }
    }
}
