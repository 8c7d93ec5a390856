import Administration
import ArgumentParser
import BootLab
import Foundation
import Registry
import RegistrySQLite
import Synchronization

/// Three who change one node at once, two by commands and one past the server, and SIGKILL for the server meanwhile.
struct EditTrial: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edits",
        abstract: "Kills `perseid serve` while three change one node, and looks for every acknowledged change.",
        discussion: """
            Two admins change the node by `perseid node set`, a third writes to the registry itself. In namespaces of its \
            own; needs root. The last line is `trial edits: N of N`.
            """)

    @OptionGroup var options: ServerUnderTest
    @OptionGroup var count: KillCount

    /// What a writer was promised, and the words in which it was refused.
    private struct Account {
        var acknowledged: [String] = []
        var refusals: [String] = []
    }

    /// Tells writers to end.
    private final class Signal: Sendable {
        let given = Atomic(false)
    }

    func run() async throws {
        if let status = try LabNamespace.enter() { throw ExitCode(status) }
        let (network, kills) = (StormNetwork(), count.kills ?? 5)
        try await network.bringUp()
        let directory = try options.trialDirectory("edits")
        let state = try directory.directory("state").path
        try await perseid(state, "node", "add", "n001", "--mac", "52:54:00:00:00:01").run()
        for number in 1...kills {
            let moment = Duration.milliseconds(1500 + (number * 617) % 1500)
            let isOver = Signal()
            async let ann = command(state, "ann\(number)", until: isOver)
            async let bob = command(state, "bob\(number)", until: isOver)
            async let cid = direct(state, "cid\(number)", until: isOver)
            try await options.server().servingUntilKilled(network, directory, after: moment)
            isOver.given.store(true, ordering: .relaxed)
            let accounts = try await [ann, bob, cid]
            try verify(accounts, state)
            let counts = accounts.map { "\($0.acknowledged.count)" }.joined(separator: ", ")
            let refused = accounts.flatMap(\.refusals)
            print(
                "kill \(number) after \(moment): \(counts) changes acknowledged, all are there; \(refused.count) refused"
            )
            if let example = refused.first { print(example) }
            try await perseid(state, "node", "unset", "n001", "--fields", "tags").run()
        }
        print("trial edits: \(kills) of \(kills)")
    }

    private func perseid(_ state: String, _ words: String...) -> Program {
        Program(options.perseid, words + ["--state", state])
    }

    private func command(_ state: String, _ name: String, until isOver: Signal) async throws -> Account {
        var account = Account()
        while !isOver.given.load(ordering: .relaxed), !Task.isCancelled {
            let tag = "\(name)-\(account.acknowledged.count + account.refusals.count)"
            do throws(LabError) {
                try await perseid(state, "node", "set", "n001", "--add-tags", tag).run()
                account.acknowledged.append(tag)
            } catch {
                guard case .programFailed(_, _, let output) = error else { throw error }
                account.refusals.append(output)
            }
        }
        return account
    }

    private func direct(_ state: String, _ name: String, until isOver: Signal) async throws -> Account {
        let store = try SQLiteStore(path: state + "/registry.sqlite")
        let api = RegistryAPI(RegistryService(store: store, ledger: nil, server: NodeSettings()))
        var account = Account()
        while !isOver.given.load(ordering: .relaxed), !Task.isCancelled {
            let tag = "\(name)-\(account.acknowledged.count + account.refusals.count)"
            let request = ChangeRequest(select: ["n001"], add: ["tags": tag])
            let body = Array(try JSONEncoder().encode(request))
            do throws(AdminProblem) {
                _ = try api.answer(.init(.patch, "nodes", body: body), by: name, at: 1)
                account.acknowledged.append(tag)
            } catch {
                account.refusals.append("\(error)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        return account
    }

    /// What was acknowledged is there; what is there beside it was refused in words, for who asked could not know.
    private func verify(_ accounts: [Account], _ state: String) throws {
        let store = try SQLiteStore(path: state + "/registry.sqlite")
        let tags = Set(try store.nodes().first?.node.tags ?? [])
        let acknowledged = accounts.flatMap(\.acknowledged)
        guard accounts.allSatisfy({ !$0.acknowledged.isEmpty }) else {
            throw LabError.system("one of the writers got nothing done: \(accounts.flatMap(\.refusals))")
        }
        let lost = acknowledged.filter { !tags.contains($0) }
        guard lost.isEmpty else { throw LabError.system("acknowledged and lost: \(lost.joined(separator: " "))") }
        let unexplained = tags.count - acknowledged.count
        guard unexplained <= accounts.map(\.refusals.count).reduce(0, +) else {
            throw LabError.system("\(unexplained) changes are there that nobody was told of")
        }
    }
}
