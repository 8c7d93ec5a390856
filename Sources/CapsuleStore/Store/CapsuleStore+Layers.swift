public import CapsuleFormat

extension CapsuleStore {
    /// Encrypts a node's own files for its agent, and signs them with the key that signs capsules: stage 1 trusts that
    /// one.
    /// - Throws: `StoreError` where the key cannot be read, `LayerError`.
    public func seal(
        _ layer: NodeLayer, for recipient: SealedLayer.Recipient, publicKey: String
    ) throws -> SealedLayer {
        try SealedLayer(layer, for: recipient, publicKey: publicKey, signedWith: signingKey())
    }
}

extension CapsuleStore {
    /// Signs what one node is to do.
    /// - Throws: `StoreError` where the key cannot be read, `LayerError`.
    public func sign(_ order: [UInt8], for recipient: SealedLayer.Recipient) throws -> SignedOrder {
        try SignedOrder(order, for: recipient, signedWith: signingKey())
    }
}
