internal import BootMachine
internal import CapsuleFormat

/// One update as it was ordered, verified, with all that it needs of the server.
struct UpdateJob {
    let order: UpdateOrder
    let excludes: [PathRule]
    /// The node's own files and scripts.
    let own: NodeLayer

    /// Opens what the server answered.
    /// - Throws: `UpdateProblem` where a trusted key did not sign it, for this node, this start and this work.
    init(
        _ reply: UpdateReply, for work: AgentWork, recipient: SealedLayer.Recipient, key: LayerKey,
        trusting keys: TrustedKeys
    ) throws(UpdateProblem) {
        let order: UpdateOrder
        do throws(JSONError) {
            order = try Self.order(reply.order, recipient, keys)
        } catch {
            throw .order(error.description)
        }
        guard order.update == work.id, order.capsule == work.capsule,
            order.isDryRun == (work.kind == .updateDryRun)
        else { throw .order("it is another one than this node was told of") }
        var excludes: [PathRule] = []
        do throws(PathPatternError) {
            for line in order.excludes { excludes.append(try PathRule(line)) }
        } catch {
            throw .exclude(error)
        }
        do throws(LayerError) {
            if let text = reply.layer {
                guard let sealed = try? JSONBytes.decode(SealedLayer.self, from: Array(text.utf8)) else {
                    throw LayerError.malformed
                }
                own = try sealed.open(for: recipient, with: key, trusting: keys)
            } else {
                own = try NodeLayer([])
            }
        } catch {
            throw .order(error.description)
        }
        self.order = order
        self.excludes = excludes
    }

    private static func order(
        _ text: String, _ recipient: SealedLayer.Recipient, _ keys: TrustedKeys
    ) throws(JSONError) -> UpdateOrder {
        let signed = try JSONBytes.decode(SignedOrder.self, from: Array(text.utf8))
        let bytes: [UInt8]
        do throws(LayerError) {
            bytes = try signed.open(for: recipient, trusting: keys)
        } catch {
            throw JSONError(what: error.description)
        }
        return try JSONBytes.decode(UpdateOrder.self, from: bytes)
    }
}
