import Administration
import BootMachine
import Foundation
import Registry
import Testing

@testable import perseid

/// What the registry's resources do with a state's files: orders for running nodes, and channels.
@Suite struct StateDesksTests {
    private func send<Value: Decodable>(
        _ method: RegistryAPI.Request.Method, _ path: String, _ text: String = "", to api: RegistryAPI,
        as type: Value.Type = Value.self
    ) throws -> Value {
        let request = RegistryAPI.Request(method, path, body: Array(text.utf8))
        return try JSONDecoder().decode(type, from: Data(api.answer(request, by: "ann", at: 7).bytes))
    }

    @Test func channelsAndOrdersAreThoseOfTheState() async throws {
        let clinic = try await Clinic(building: true)
        let api = RegistryAPI(
            RegistryService(
                store: try clinic.state.openRegistry(), ledger: nil, server: NodeSettings(),
                work: clinic.state.workDesk, channels: clinic.state.channelDesk))
        let moved = try send(
            .post, "channels", #"{"capsule": "tiny@1", "channel": "next"}"#, to: api, as: ChannelResource.self)
        #expect(moved == ChannelResource(channel: "tiny:next", from: nil, to: "tiny@1"))
        for (path, body, says) in [
            ("channels", #"{"capsule": "tiny@9"}"#, "tiny@9"),
            ("channels", #"{"capsule": "tiny@1", "tested": true}"#, "was never tested"),
            ("channels", #"{"capsule": "tiny@1", "channel": "a b"}"#, "a b"),
            ("channels/rollback", #"{"capsule": "tiny", "channel": "next"}"#, "next"),
        ] {
            let problem = #expect(throws: AdminProblem.self) {
                _ = try send(.post, path, body, to: api, as: ChannelResource.self)
            }
            #expect(problem?.description.contains(says) == true, "\(problem?.description ?? "")")
        }
        let refused = try send(
            .post, "work", #"{"select": ["*"], "kind": "update"}"#, to: api, as: [WorkResource].self)
        #expect(refused.first?.refusal?.contains("it runs from memory") == true)
        let given = try send(
            .post, "work", #"{"select": ["*"], "kind": "livesync", "capsule": "tiny:next"}"#, to: api,
            as: [WorkResource].self)
        #expect(given.map(\.capsule) == ["tiny@1"])
        let orders = LiveSyncOrders(directory: clinic.state.liveSync)
        #expect(orders.order(for: Clinic.mac) == AgentWork(id: 7, livesync: "tiny@1"))
        #expect(try send(.get, "work", to: api, as: [WorkResource].self).map(\.kind) == ["livesync"])
        _ = try send(.delete, "work", #"{"select": ["*"]}"#, to: api, as: [WorkResource].self)
        #expect(orders.order(for: Clinic.mac) == nil)
    }
}
