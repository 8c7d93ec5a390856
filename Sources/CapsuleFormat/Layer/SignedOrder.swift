internal import FoundationEssentials

/// What a server tells one node to do, signed by the key that signs capsules: nobody between them can have a disk
/// erased. Not encrypted.
///
/// Attempt and MAC are bound to it, so that it counts for no other attempt and no other node.
public struct SignedOrder: Codable, Hashable, Sendable {
    private var key: String
    private var signature: Data
    private var order: Data

    /// Longest order, in bytes.
    public static let maximumSize = 1 << 20

    /// - Throws: `LayerError.cannotSeal`.
    public init(
        _ order: [UInt8], for recipient: SealedLayer.Recipient, signedWith signer: SigningKey
    ) throws(LayerError) {
        key = signer.id.description
        self.order = Data(order)
        signature = Data()
        guard order.count <= Self.maximumSize, let signature = signer.signature(of: signed(for: recipient)) else {
            throw .cannotSeal
        }
        self.signature = Data(signature)
    }

    /// The order, if a trusted key signed it for this recipient.
    /// - Throws: `LayerError`.
    public func open(for recipient: SealedLayer.Recipient, trusting keys: TrustedKeys) throws(LayerError) -> [UInt8] {
        guard let id = KeyID(key), order.count <= Self.maximumSize else { throw .malformed }
        guard keys.isValid(signature: Array(signature), of: signed(for: recipient), by: id) == true else {
            throw .untrusted(id)
        }
        return Array(order)
    }

    private func signed(for recipient: SealedLayer.Recipient) -> [UInt8] {
        Array("perseid order 1\0\(recipient.attempt)\0\(recipient.mac)\0".utf8) + Array(order)
    }
}
