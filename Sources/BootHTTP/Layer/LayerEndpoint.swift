import BootMachine
import BootPolicy
import BootProtocols
import CapsuleFormat
import CapsuleStore
import FoundationEssentials
import PacketIO
import Registry

// `GET /node/v1/layer/MAC`: the node's own files, sealed for the agent of this boot attempt.

extension BootEndpoints {
    /// Takes the key of a check-in, the first of its attempt.
    /// - Returns: false for another one than the attempt has.
    func takeLayerKey(_ message: CheckIn, of attempt: Attempt) -> Bool {
        guard let key = message.layerKey else { return true }
        if layerKeys.accept(key, of: attempt.id) { return true }
        refuse(attempt.node, "check-in with another key than this boot attempt has: somebody else has its token")
        return false
    }

    func layer(of machine: MACAddress, _ request: BootRequest) -> BootAnswer {
        guard let attempt = token(of: request).flatMap({ ledger.attempt(with: $0) }) else { return .unauthorized }
        guard attempt.node == ledger.primary(of: machine) else {
            refuse(attempt.node, "the files of \(machine) were asked for with this node's token")
            return .text(403, "this token is another node's")
        }
        // Later the files are where they belong, and a token that somebody found there opens nothing.
        guard [.`init`, .provisioning].contains(attempt.state) else {
            return .text(403, "a node's files are given to its stage 1 alone")
        }
        guard let key = layerKeys[attempt.id] else {
            return .text(409, "check in with a key first: the server has been started since")
        }
        guard let record = ledger.record(of: machine), record.node.approved, record.node.enabled else {
            return .text(403, "the node is not approved")
        }
        do {
            var values = values(record.node, attempt)
            if record.install?.isDue == true { values.purpose = .install }
            guard let layer = try nodeFiles?.layer(values) else { return .noContent() }
            let sealed = try capsules.seal(
                layer, for: SealedLayer.Recipient(attempt: attempt.id, mac: machine.description), publicKey: key)
            return .json(200, Array(try JSONEncoder().encode(sealed)))
        } catch {
            refuse(machine, "\(error)")
            return .text(500, "the node's files cannot be made; the server's log says why")
        }
    }

    func values(_ node: Node, _ attempt: Attempt) -> NodeFiles.Values {
        let hosts = ledger.hosts()
        return NodeFiles.Values(
            name: node.name, mac: node.mac.description,
            address: hosts.first { $0.name == node.name }?.address.description ?? "", attempt: attempt.id,
            server: planMaker.servers.first ?? "", capsule: attempt.capsule ?? "",
            // `all` is everybody's, and no group of theirs.
            groups: ledger.groups.line(of: node.groups).dropLast(),
            hosts: hosts.map { ($0.name, $0.address.description) })
    }
}
