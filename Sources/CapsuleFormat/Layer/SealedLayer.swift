internal import Crypto
internal import FoundationEssentials

/// A node's own files as they go over the wire: encrypted to the key that the node's agent made for this boot attempt
/// (HPKE, RFC 9180: X25519, HKDF-SHA256, ChaCha20-Poly1305), and signed by the server (Ed25519).
///
/// Attempt and MAC are bound to it on both layers, so that it opens for no other attempt and no other node.
public struct SealedLayer: Codable, Hashable, Sendable {
    /// For whom: part of what is encrypted and of what is signed, and never sent.
    public struct Recipient: Hashable, Sendable {
        public var attempt: Int64
        /// As text, lower case with colons.
        public var mac: String

        public init(attempt: Int64, mac: String) {
            self.attempt = attempt
            self.mac = mac
        }

        fileprivate var context: [UInt8] { Array("perseid node layer 1\0\(attempt)\0\(mac)\0".utf8) }
    }

    private var key: String
    private var signature: Data
    private var encapsulated: Data
    private var ciphertext: Data

    /// Longest answer that holds one, in bytes: base64 of JSON of base64.
    public static let maximumSize = 10 << 20

    /// Encrypts `layer` for the agent that made `publicKey`, and signs the result.
    /// - Throws: `LayerError`.
    public init(
        _ layer: NodeLayer, for recipient: Recipient, publicKey: String, signedWith signer: SigningKey
    ) throws(LayerError) {
        guard let raw = Data(base64Encoded: publicKey),
            let agent = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: raw)
        else { throw .badKey }
        do {
            var sender = try HPKE.Sender(
                recipientKey: agent, ciphersuite: .Curve25519_SHA256_ChachaPoly, info: Data(recipient.context))
            encapsulated = sender.encapsulatedKey
            ciphertext = try sender.seal(try JSONEncoder().encode(layer))
        } catch {
            throw .cannotSeal
        }
        key = signer.id.description
        signature = Data()
        guard let signature = signer.signature(of: signed(for: recipient)) else { throw .cannotSeal }
        self.signature = Data(signature)
    }

    /// Checks who signed it, decrypts it and checks what is in it.
    /// - Throws: `LayerError`.
    public func open(
        for recipient: Recipient, with key: LayerKey, trusting keys: TrustedKeys
    ) throws(LayerError) -> NodeLayer {
        guard let id = KeyID(self.key) else { throw .malformed }
        guard keys.isValid(signature: Array(signature), of: signed(for: recipient), by: id) == true else {
            throw .untrusted(id)
        }
        let plain: Data
        do {
            var receiver = try HPKE.Recipient(
                privateKey: key.key, ciphersuite: .Curve25519_SHA256_ChachaPoly, info: Data(recipient.context),
                encapsulatedKey: encapsulated)
            plain = try receiver.open(ciphertext)
        } catch {
            throw .notForUs
        }
        guard let layer = try? JSONDecoder().decode(NodeLayer.self, from: plain) else { throw .malformed }
        try layer.check()
        return layer
    }

    private func signed(for recipient: Recipient) -> [UInt8] {
        recipient.context + Array(encapsulated) + Array(ciphertext)
    }
}
