public import BootMachine
public import BootProtocols
import CapsuleFormat
import CapsuleStore
import FoundationEssentials
public import Registry

/// What a server knows of updates of installed nodes.
public struct Updates: Sendable {
    let excludes: @Sendable (Node, String) throws -> [String]
    let keep: @Sendable (MACAddress, UpdateChanges) throws -> Void

    /// - Parameters:
    ///   - excludes: the lines of a node's exclude lists with a capsule; throws what is wrong with one of them.
    ///   - keep: takes a part of what an update changes.
    public init(
        excludes: @escaping @Sendable (Node, String) throws -> [String] = { _, _ in [] },
        keep: @escaping @Sendable (MACAddress, UpdateChanges) throws -> Void = { _, _ in }
    ) {
        self.excludes = excludes
        self.keep = keep
    }
}

// `POST /node/v1/update` and `…/update/changes`: for the agent of an installed node, while an admin's order is open.

extension BootEndpoints {
    func update(_ request: BootRequest) -> BootAnswer {
        updating(UpdateRequest.self, request, id: \.id) { message, work, attempt, record in
            // The first key of an attempt is the only one, as in stage 1.
            guard updateKeys.accept(message.layerKey, of: attempt.id) else {
                refuse(attempt.node, "update: another key than this attempt has: somebody else has its token")
                return .text(403, "this boot attempt has another key")
            }
            let recipient = SealedLayer.Recipient(attempt: attempt.id, mac: record.node.mac.description)
            let order = UpdateOrder(
                update: work.id, capsule: work.capsule, isDryRun: work.kind == .updateDryRun,
                excludes: try updates.excludes(record.node, work.capsule))
            var values = values(record.node, attempt)
            values.capsule = work.capsule
            values.purpose = .update
            let encoder = JSONEncoder()
            let signed = try encoder.encode(capsules.sign(Array(try encoder.encode(order)), for: recipient))
            let layer = try nodeFiles?.layer(values).map {
                try encoder.encode(capsules.seal($0, for: recipient, publicKey: message.layerKey))
            }
            let reply = UpdateReply(
                order: String(decoding: signed, as: UTF8.self), layer: layer.map { String(decoding: $0, as: UTF8.self) }
            )
            return .json(200, Array(try encoder.encode(reply)))
        }
    }

    func takeChanges(_ request: BootRequest) -> BootAnswer {
        updating(UpdateChanges.self, request, id: \.id) { message, _, attempt, _ in
            guard (0..<UpdateOrder.parts).contains(message.part) else { return .text(400, "there is no such part") }
            try updates.keep(attempt.node, message)
            return .noContent()
        }
    }

    /// Gives the agent of an installed node that runs what it may have for the update that it names, if that is open.
    private func updating<Message: Decodable>(
        _ type: Message.Type, _ request: BootRequest, id: (Message) -> Int64,
        _ give: (Message, AgentWork, Attempt, NodeRecord) throws -> BootAnswer
    ) -> BootAnswer {
        guard let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) }) else { return .unauthorized }
        guard let message = try? JSONDecoder().decode(type, from: Data(request.body)) else {
            return .text(400, "the message does not read")
        }
        guard attempt.state == .ready, let record = ledger.record(of: attempt.node),
            record.node.approved, record.node.enabled, (record.install?.achieved ?? 0) > 0
        else { return .text(403, "this is for an installed node that runs") }
        guard let work = work(attempt.node), work.kind != .livesync, work.id == id(message) else {
            return .text(409, "nobody waits for this update any more")
        }
        do {
            return try give(message, work, attempt, record)
        } catch {
            refuse(attempt.node, "update: \(error)")
            return .text(500, "\(error)")
        }
    }
}
