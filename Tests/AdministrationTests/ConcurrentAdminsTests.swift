import Administration
import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Synchronization
import Testing

/// Several who change the same nodes at the same moment: two through the daemon, one past it on the database.
@Suite struct ConcurrentAdminsTests {
    private let directory: String
    private let daemon: RegistryAPI
    private let ledger: BootLedger
    private let aside: RegistryAPI

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/admins-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .ignore)
        daemon = RegistryAPI(RegistryService(store: store, ledger: ledger, server: NodeSettings()))
        let other = try SQLiteStore(path: directory + "/registry.sqlite")
        aside = RegistryAPI(RegistryService(store: other, ledger: nil, server: NodeSettings()))
    }

    @discardableResult
    private func send(
        _ api: RegistryAPI, _ method: RegistryAPI.Request.Method, _ path: String, _ body: some Encodable,
        by author: String = "ann"
    ) throws -> ChangeResult {
        let bytes = Array(try JSONEncoder().encode(body))
        let answer = try api.answer(.init(method, path, body: bytes), by: author, at: 1)
        return try JSONDecoder().decode(ChangeResult.self, from: Data(answer.bytes))
    }

    private func addNodes(_ names: [String]) throws {
        let drafts = names.enumerated().map { index, name in
            NodeDraft(name: name, mac: MACAddress(value: 0x5254_0000_0001 + UInt64(index)).description)
        }
        try send(daemon, .post, "nodes", AddRequest(drafts))
    }

    private func atOnce(_ bodies: [@Sendable () throws -> Void]) throws {
        let problems = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: bodies.count) { index in
            do { try bodies[index]() } catch { problems.withLock { $0.append("\(index): \(error)") } }
        }
        #expect(problems.withLock { $0 } == [])
    }

    @Test func nothingOfThreeWritersIsLost() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try addNodes(["n001", "n002"])
        let rounds = 40
        let writers: [(String, RegistryAPI)] = [("ann", daemon), ("bob", daemon), ("cid", aside)]
        let isOver = Atomic(false)
        Thread.detachNewThread { [ledger] in
            while !isOver.load(ordering: .relaxed) { try? ledger.tick(at: 1) }
        }
        try atOnce(
            writers.map { author, api in
                {
                    for round in 0..<rounds {
                        let request = ChangeRequest(select: ["n*"], add: ["tags": "\(author)\(round)"])
                        try send(api, .patch, "nodes", request, by: author)
                    }
                }
            })
        isOver.store(true, ordering: .relaxed)
        try ledger.tick(at: 1)
        let wanted = Set(writers.flatMap { author, _ in (0..<rounds).map { "\(author)\($0)" } })
        for record in try SQLiteStore(path: directory + "/registry.sqlite").nodes() {
            #expect(Set(record.node.tags) == wanted)
            #expect(ledger.record(of: record.node.mac)?.node == record.node)
        }
        let history = try SQLiteStore(path: directory + "/registry.sqlite").history(of: nil, limit: 1000)
        #expect(history.count == 1 + writers.count * rounds)
    }

    @Test func groupsThatTwoMakeAtOnceAreNoCircle() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for round in 0..<20 {
            let (one, two) = ("a\(round)", "b\(round)")
            try send(daemon, .post, "groups", AddRequest([GroupDraft(name: one), GroupDraft(name: two)]))
            let refused = Mutex<[String]>([])
            let inherit = { @Sendable (api: RegistryAPI, heir: String, from: String) in
                do throws(AdminProblem) {
                    let request = ChangeRequest(select: [heir], set: ["parents": from])
                    _ = try api.answer(.init(.patch, "groups", body: Self.bytes(request)), by: "ann", at: 1)
                } catch {
                    refused.withLock { $0.append("\(error)") }
                }
            }
            let other = round % 2 == 0 ? daemon : aside
            try atOnce([{ inherit(daemon, one, two) }, { inherit(other, two, one) }])
            let words = refused.withLock { $0 }
            #expect(words.count == 1 && words[0].contains("inherit from themselves"), "\(words)")
        }
    }

    @Test func aNodeIsInNoGroupThatGoesAtTheSameMoment() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try addNodes(["n001"])
        for round in 0..<20 {
            let name = "g\(round)"
            try send(daemon, .post, "groups", AddRequest([GroupDraft(name: name)]))
            let (one, two) = round % 2 == 0 ? (daemon, aside) : (aside, daemon)
            let refused = Mutex(0)
            try atOnce([
                {
                    let request = ChangeRequest(select: ["n001"], add: ["groups": name])
                    do { try send(one, .patch, "nodes", request) } catch { refused.withLock { $0 += 1 } }
                },
                { try send(two, .delete, "groups", ChangeRequest(select: [name])) },
            ])
            let node = try SQLiteStore(path: directory + "/registry.sqlite").nodes().first?.node
            #expect(node?.groups == [], "joined first, or was refused: \(refused.withLock { $0 })")
        }
    }

    @Test func oneNameIsGivenToOneOfTwo() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let refused = Mutex<[String]>([])
        try atOnce(
            [daemon, aside].enumerated().map { index, api in
                {
                    for round in 0..<20 {
                        let mac = MACAddress(value: 0x5254_0000_1000 + UInt64(round * 2 + index))
                        let draft = NodeDraft(name: "m\(round)", mac: mac.description)
                        do {
                            try send(api, .post, "nodes", AddRequest([draft]))
                        } catch {
                            refused.withLock { $0.append("\(error)") }
                        }
                    }
                }
            })
        #expect(try SQLiteStore(path: directory + "/registry.sqlite").nodes().count == 20)
        let words = refused.withLock { $0 }
        #expect(words.count == 20 && words.allSatisfy { $0.contains("m") && !$0.contains("UNIQUE") }, "\(words)")
    }

    private static func bytes(_ body: some Encodable) -> [UInt8] {
        (try? JSONEncoder().encode(body)).map(Array.init) ?? []
    }
}
