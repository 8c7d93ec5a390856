import Administration
import BootLab
import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite

/// What the registry does, with as many nodes and events as a large cluster has.
struct RegistryFigures {
    let directory: String
    let perseid: String
    let nodes: Int
    let events: Int

    func measure(_ say: (String) -> Void) async throws -> [Figure] {
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        say("\(nodes) nodes …")
        try addNodes(to: store)
        var figures = try await commands()
        let before = Self.residentMemory
        let ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .ignore)
        let machines = ledger.census.records.map(\.node.mac).sorted { $0.value < $1.value }
        figures += [try checkIns(ledger, machines), try heartbeats(ledger, machines)]
        let memory = Self.residentMemory
        figures.append(
            Figure(
                name: "memory of a ledger with \(nodes) nodes and their attempts", wanted: "under 400 MB",
                measured: "\(Int(memory)) MB, \(Int(before)) MB before", isReached: memory < 400))
        say("\(events) events …")
        try addEvents(to: store, machines)
        return figures + [try explanations(store), try retention(store)]
    }

    private func addNodes(to store: SQLiteStore) throws {
        let note = ChangeNote(author: "bench", what: "bench", at: Self.now)
        let group = NodeGroup(name: "compute", settings: NodeSettings(capsule: "compute:stable"))
        var edits: [RegistryEdit] = [.group(from: nil, to: group)]
        for number in 1...nodes {
            let digits = String(number)
            let name = "n" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
            edits.append(
                .node(
                    from: nil,
                    to: Node(
                        mac: MACAddress(value: 0x0200_0000_0000 + UInt64(number)), name: name,
                        address: IPv4Address(value: 0x0a40_0000 + UInt32(number)), groups: ["compute"])))
        }
        _ = try store.edit(edits, note: note)
    }

    /// The command line on this state, start of the process and all.
    private func commands() async throws -> [Figure] {
        let list = try await seconds { try await run("node", "list") }
        let set = try await seconds { try await run("node", "set", "*", "--comment", "bench", "-y") }
        return [
            Figure(
                name: "node list of \(nodes) nodes", wanted: "under 0.5 s", measured: Self.text(list),
                isReached: list < 0.5),
            Figure(
                name: "node set on \(nodes) nodes", wanted: "under 3 s", measured: Self.text(set), isReached: set < 3),
        ]
    }

    private func run(_ words: String...) async throws {
        try await Program(perseid, words + ["--state", directory]).runSilently()
    }

    /// Each on stable storage before it is answered, as check-ins are; sixteen at a time.
    private func checkIns(_ ledger: BootLedger, _ machines: [MACAddress]) throws -> Figure {
        let count = min(machines.count, 20_000)
        let time = Self.now
        for mac in machines { ledger.record(BootEvent(node: mac, kind: .discovered, at: time)) }
        try ledger.flush()
        let elapsed = ContinuousClock().measure {
            DispatchQueue.concurrentPerform(iterations: 16) { thread in
                for index in stride(from: thread, to: count, by: 16) {
                    guard let token = ledger.issueBootToken(for: machines[index], at: time) else { continue }
                    ledger.record(
                        BootEvent(
                            node: machines[index], kind: .checkedIn, at: time, transport: .http, bytes: 512,
                            detail: "bench, bios, 2 CPUs, 2048 MiB; plan: diskless; capsule compute@1"))
                    _ = ledger.agentToken(for: token.attempt, presented: token, capsule: "compute@1")
                    try? ledger.flush()
                }
            }
        }
        let rate = Double(count) / (elapsed / .seconds(1))
        return Figure(
            name: "check-ins", wanted: "5000/s, on disk", measured: "\(Int(rate))/s", isReached: rate >= 5000)
    }

    private func heartbeats(_ ledger: BootLedger, _ machines: [MACAddress]) throws -> Figure {
        let time = Self.now + 1000
        for mac in machines {
            ledger.record(BootEvent(node: mac, kind: .checkedIn, at: time))
            ledger.record(BootEvent(node: mac, kind: .handingOff, at: time))
            ledger.record(BootEvent(node: mac, kind: .ready, at: time))
        }
        try ledger.flush()
        let rounds = 5
        let elapsed = try ContinuousClock().measure {
            DispatchQueue.concurrentPerform(iterations: 4) { thread in
                for round in 1...rounds {
                    for index in stride(from: thread, to: machines.count, by: 4) {
                        ledger.record(
                            BootEvent(node: machines[index], kind: .heartbeat, at: time + Int64(round) * 30_000))
                    }
                }
            }
            try ledger.flush()
        }
        let rate = Double(machines.count * rounds) / (elapsed / .seconds(1))
        return Figure(name: "heartbeats", wanted: "20000/s", measured: "\(Int(rate))/s", isReached: rate >= 20_000)
    }

    /// Boots of twenty events each, the nodes in turn.
    private func addEvents(to store: SQLiteStore, _ machines: [MACAddress]) throws {
        var attempt = Int64(machines.count) * 10
        var left = events
        while left > 0 {
            var changes: [Change] = []
            while left > 0, changes.count < 50_000 {
                attempt += 1
                let mac = machines[Int(attempt) % machines.count]
                let time = Self.now
                changes.append(.attempt(Attempt(id: attempt, node: mac, began: time, zero: time, state: .failed)))
                for step in 0..<min(20, left) {
                    let event = BootEvent(
                        node: mac, kind: step == 19 ? .failed : .progress, at: time + Int64(step), percent: step,
                        detail: "root: compute@1 needs 800 MiB of memory to assemble, 400 MiB are available")
                    changes.append(.event(RecordedEvent(event: event, attempt: attempt, state: .provisioning)))
                }
                left -= min(20, left)
            }
            try store.write(changes)
        }
    }

    private func explanations(_ store: SQLiteStore) throws -> Figure {
        let service = RegistryService(
            store: store,
            ledger: BootLedger(
                store: store, snapshot: try store.load(), unknown: .ignore), server: NodeSettings())
        var worst = 0.0
        for number in stride(from: 1, through: nodes, by: max(1, nodes / 50)) {
            let digits = String(number)
            let name = "n" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
            let elapsed = try ContinuousClock().measure { _ = try service.explanation(of: name, now: Self.now) }
            worst = max(worst, elapsed / .milliseconds(1))
        }
        return Figure(
            name: "explain with \(events) events", wanted: "under 100 ms",
            measured: "\((worst * 10).rounded() / 10) ms at worst of 50", isReached: worst < 100)
    }

    /// Old events go in steps, while others read and write between them.
    private func retention(_ store: SQLiteStore) throws -> Figure {
        var gone = 0
        var longest = 0.0
        while gone < min(events / 2, 500_000) {
            var step = 0
            let elapsed = try ContinuousClock().measure { step = try store.forget(eventsBefore: .max, limit: 5000) }
            longest = max(longest, elapsed / .milliseconds(1))
            guard step > 0 else { break }
            gone += step
        }
        return Figure(
            name: "retention", wanted: "no step over 250 ms",
            measured: "\(gone) events forgotten, the longest step \(Int(longest)) ms",
            isReached: gone > 0 && longest < 250)
    }

    // MARK: - Measuring

    private static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private func seconds(_ body: () async throws -> Void) async throws -> Double {
        let began = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - began) / .seconds(1)
    }

    private static func text(_ seconds: Double) -> String { "\((seconds * 100).rounded() / 100) s" }

    /// Of this process, in MB (10^6 bytes).
    private static var residentMemory: Double {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line.flatMap { Double(String($0.filter(\.isNumber))) } ?? 0) * 1024 / 1e6
    }
}
