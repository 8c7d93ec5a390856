import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Synchronization
import Testing

@testable import Administration

/// `/api/v1/work`, `/api/v1/channels`: what running nodes are given to do, and where channels point.
@Suite struct WorkTests {
    /// Orders as files are elsewhere.
    private final class Shelf: Sendable {
        let orders = Mutex<[MACAddress: AgentWork]>([:])

        var desk: WorkDesk {
            WorkDesk(
                choice: { _, _, kind, wanted in
                    { record in
                        guard record.node.name != "n003" else { throw AdminProblem.conflict("it does not run") }
                        return "\(wanted ?? "own")@7 by \(kind)"
                    }
                },
                place: { [self] work, mac in orders.withLock { $0[mac] = work } },
                order: { [self] mac in orders.withLock { $0[mac] } }, changes: { _ in ["~ /etc/motd"] },
                withdraw: { [self] mac in orders.withLock { $0[mac] = nil } })
        }
    }

    private static let mac = MACAddress(value: 0x5254_0000_0001)

    private func withAPI(_ body: (RegistryAPI, BootLedger) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/work-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        try store.write(
            (1...3).map { .node(Node(mac: MACAddress(value: Self.mac.value + $0 - 1), name: "n00\($0)")) })
        let ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .ignore)
        let channels = ChannelDesk(
            promote: { request in
                guard request.tested != true else { throw AdminProblem.conflict("small@2 was never tested") }
                return ChannelResource(
                    channel: "small:\(request.channel ?? "stable")", from: "small@1", to: request.capsule)
            }, rollBack: { ChannelResource(channel: "\($0.capsule):stable", from: "small@2", to: "small@1") })
        let service = RegistryService(
            store: store, ledger: ledger, server: NodeSettings(), work: Shelf().desk, channels: channels)
        try body(RegistryAPI(service), ledger)
    }

    private func send<Value: Decodable>(
        _ method: RegistryAPI.Request.Method, _ path: String, _ text: String = "",
        query: [(key: String, value: String)] = [], to api: RegistryAPI, as type: Value.Type = Value.self
    ) throws -> Value {
        let request = RegistryAPI.Request(method, path, query: query, body: Array(text.utf8))
        return try JSONDecoder().decode(type, from: Data(api.answer(request, by: "ann", at: 1_000_000).bytes))
    }

    @Test func isGivenFollowedAndTakenBack() throws {
        try withAPI { api, ledger in
            let given = try send(
                .post, "work", #"{"select": ["*"], "kind": "update", "capsule": "small", "dryRun": true}"#, to: api,
                as: [WorkResource].self)
            #expect(given.map(\.capsule) == ["small@7 by update", "small@7 by update", nil])
            #expect(given.map(\.refusal) == [nil, nil, "it does not run"])
            #expect(given.first?.kind == "update --dry-run" && given.first?.id == 1_000_000)
            let work = AgentWork(id: 1_000_000, kind: .updateDryRun, capsule: "small@7 by update")
            for (kind, percent, detail) in [
                (BootEvent.Kind.discovered, nil, "PXE"), (.progress, 40, work.progressMark + "fetching"),
                (.progress, 100, work.mark + "1 changed"),
            ] as [(BootEvent.Kind, Int?, String)] {
                ledger.record(
                    BootEvent(node: Self.mac, kind: kind, at: 1_000_500, percent: percent, detail: detail))
            }
            try ledger.flush()
            let found = try send(.get, "work", to: api, as: [WorkResource].self)
            #expect(found.map(\.node) == ["n001", "n002"])
            #expect(found.first?.progress == "update: fetching" && found.first?.changes == nil)
            #expect(found.first?.outcome?.hasSuffix("1 changed") == true && found.first?.isWhole == true)
            #expect(found.last?.outcome == nil)
            let one = try send(
                .get, "work", query: [("select", "n001"), ("changes", "true")], to: api, as: [WorkResource].self)
            #expect(one.map(\.changes) == [["~ /etc/motd"]])
            let taken = try send(.delete, "work", #"{"select": ["*"]}"#, to: api, as: [WorkResource].self)
            #expect(taken.count == 2)
            #expect(try send(.get, "work", to: api, as: [WorkResource].self).isEmpty)
        }
    }

    @Test(arguments: [
        (#"{"select": [], "kind": "update"}"#, "say which nodes"), (#"{"select": ["*"]}"#, "a `kind`"),
        (#"{"select": ["*"], "kind": "dance"}"#, "dance"), (#"{"select": ["n009"], "kind": "update"}"#, "n009"),
        (#"{"select": ["*"], "kind": "livesync", "dryRun": true}"#, "no dry run"),
    ])
    func refusesInWords(body: String, says: String) throws {
        try withAPI { api, _ in
            let problem = #expect(throws: AdminProblem.self) {
                _ = try send(.post, "work", body, to: api, as: [WorkResource].self)
            }
            #expect(problem?.description.contains(says) == true, "\(problem?.description ?? "")")
        }
    }

    @Test func channelsAreMoved() throws {
        try withAPI { api, _ in
            let moved = try send(
                .post, "channels", #"{"capsule": "small@2", "channel": "next"}"#, to: api, as: ChannelResource.self)
            #expect(moved == ChannelResource(channel: "small:next", from: "small@1", to: "small@2"))
            let back = try send(
                .post, "channels/rollback", #"{"capsule": "small"}"#, to: api, as: ChannelResource.self)
            #expect(back.to == "small@1")
            #expect(throws: AdminProblem.badRequest("small@2 was never tested")) {
                _ = try send(
                    .post, "channels", #"{"capsule": "small@2", "tested": true}"#, to: api, as: ChannelResource.self)
            }
        }
    }
}
