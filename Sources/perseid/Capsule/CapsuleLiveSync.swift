import Administration
import ArgumentParser
import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import Foundation
import PacketIO
import Registry

struct CapsuleLiveSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livesync", abstract: "Moves running nodes to a generation's files, as far as that is safe.",
        discussion: """
            Each node fetches what it lacks of the new root, compares it with the one that it runs, and replaces files \
            one by one, each in one step. It leaves alone what was changed on the node, and says what needs a reboot: \
            kernel and modules, init, the C library, accounts, and files that programs have mapped. Services are not \
            restarted. Ends with status 1 if a node is not wholly at the new generation.

            Nodes hear of it with their next heartbeat. What they boot next is not changed: that is for `perseid node \
            add` and the channels.

            Example: perseid capsule livesync compute@8 n001 n002
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "NAME@GENERATION, NAME:CHANNEL or NAME.")
    var capsule: String
    @OptionGroup var nodes: NodeSelection
    @Option(help: "Seconds to wait for the nodes.")
    var timeout = 300

    func validate() throws {
        _ = try CapsuleReference.validated(capsule)
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let session = try RegistrySession(self.state)
        let state = try self.state.open()
        let generation = try state.openCapsules().resolve(CapsuleReference.validated(capsule))
        let orders = LiveSyncOrders(directory: state.liveSync)
        let began = wallMilliseconds()
        let rows = try await session.table(nodes.words, columns: ["name", "mac"]).rows
        let all = rows.compactMap { row in
            row.last.flatMap { MACAddress($0) }.map { Node(mac: $0, name: row.first ?? "") }
        }
        var waiting = all
        let work = AgentWork(id: began, livesync: "\(generation)")
        for node in waiting { try orders.place(work, for: node.mac) }
        defer { for node in all { orders.withdraw(node.mac) } }
        var whole = true
        let line = ProgressLine()
        defer { line.end() }
        let deadline = ContinuousClock.now + .seconds(timeout)
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(500))
            for node in waiting {
                let events = await events(of: node, since: began, session)
                guard let outcome = outcome(events, of: work) else {
                    show(events, of: node, on: line)
                    continue
                }
                line.end()
                waiting.removeAll { $0.mac == node.mac }
                whole = whole && outcome.isWhole
                print("\(node.name)  \(outcome.text)")
            }
        }
        for node in waiting { print("\(node.name)  nothing heard within \(timeout) s") }
        if !whole || !waiting.isEmpty { throw ExitCode(1) }
    }

    private func events(of node: Node, since: Int64, _ session: RegistrySession) async -> [BootEvent] {
        // None yet: it has not booted from here.
        let timeline = try? await session.get("timelines/\(node.mac)", as: TimelineResource.self)
        return (timeline?.events ?? []).map(\.event).filter { $0.at >= since }
    }

    private func outcome(_ events: [BootEvent], of work: AgentWork) -> (text: String, isWhole: Bool)? {
        guard let event = events.last(where: { $0.detail.hasPrefix(work.mark) }) else { return nil }
        return (event.detail, event.percent == 100)
    }

    /// How far the node is, by what it told last.
    private func show(_ events: [BootEvent], of node: Node, on line: ProgressLine) {
        guard line.isTerminal, let event = events.last(where: { $0.detail.hasPrefix(AgentWork.progressMark) }) else {
            return
        }
        line.show("\(node.name)  \(event.detail)", done: 0, total: nil)
    }
}
