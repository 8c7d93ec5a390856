import Administration
import ArgumentParser
import Foundation

/// How a command that changes nodes or groups goes about it.
struct ChangeFlags: ParsableArguments {
    @Flag(help: "Show what would change on whom, and change nothing.")
    var dryRun = false
    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    /// Most changes that are shown before the question.
    private static let shown = 20

    /// Has nodes or groups that are there changed or removed.
    /// - Parameters:
    ///   - what: the command, for the history.
    ///   - path: of the resource: `nodes`.
    func carryOut(
        _ what: String, _ noun: String = "node", method: RegistryAPI.Request.Method = .patch,
        of path: String = "nodes", on state: StateOption, _ request: ChangeRequest
    ) async throws {
        let session = try RegistrySession(state)
        try await carryOut(what, noun) { options in
            var request = request
            request.options = options
            return try await session.change(method, path, request)
        }
    }

    /// Has a change made, after it has shown and asked what there is to ask.
    /// - Parameters:
    ///   - what: the command, for the history.
    ///   - noun: what changes: `node`.
    ///   - told: how many of its changes are told one by one, once they are made.
    ///   - send: makes the request with these options.
    func carryOut(
        _ what: String, _ noun: String = "node", told: Int = 0, send: (ChangeOptions) async throws -> ChangeResult
    ) async throws {
        var options = ChangeOptions(dryRun: dryRun, lines: dryRun ? 1_000_000 : told, what: what)
        if !dryRun, !yes {
            options.dryRun = true
            options.lines = Self.shown
            let look = try await send(options)
            if look.count > 1 { try ask(look, noun) }
            // Who was asked nothing has decided nothing by what was there: another's change just before is no conflict.
            options = ChangeOptions(revision: look.count > 1 ? look.revision : nil, lines: told, what: what)
        }
        let result = try await send(options)
        result.report(noun, dryRun: dryRun)
    }

    private func ask(_ look: ChangeResult, _ noun: String) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw ValidationError("this changes \(look.count) \(noun)s; say -y, or look first with --dry-run")
        }
        for item in look.items { print(item.line) }
        if look.count > look.items.count { print("… and \(look.count - look.items.count) more") }
        print("change \(look.count) \(noun)s? [y/N] ", terminator: "")
        fflush(nil)
        guard ["y", "yes"].contains(readLine()?.lowercased()) else { throw CleanExit.message("nothing was changed") }
    }
}

extension ChangeResult {
    /// Says what became of a change.
    /// - Parameter items: a line for each, too.
    func report(_ noun: String = "node", _ verb: String = "changed", dryRun: Bool = false, items shows: Bool = true) {
        for text in notes ?? [] { note(text) }
        guard count > 0 else { return print("nothing to change") }
        if shows { for item in items { print(item.line) } }
        let counted = "\(count) \(count == 1 ? noun : noun + "s")"
        print(dryRun ? "\(counted) would change" : "\(counted) \(verb)")
    }
}
