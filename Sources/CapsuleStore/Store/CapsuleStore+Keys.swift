public import CapsuleFormat
internal import Glibc

/// A public key as a file for stage 1: `/etc/perseid/trusted/KEYID.pub`.
public struct PublicKey: Hashable, Sendable {
    public let id: KeyID
    public let file: [UInt8]
}

extension CapsuleStore {
    /// Makes the key that signs this server's manifests, unless there is one.
    /// - Returns: its name.
    /// - Throws: `StoreError.system`, `.exposedKey`, `.damaged`.
    @discardableResult
    public func makeSigningKey() throws(StoreError) -> KeyID {
        if DurableFiles.status(layout.signingKey) == nil {
            let key = SigningKey()
            let fresh = "\(layout.keys)/.signing.key.\(getpid())"
            try DurableFiles.remove(fresh)
            try DurableFiles.create(fresh, key.privateKeyFile, permissions: 0o600)
            // A link fails where a rename would replace the key of a set-up that ran at the same time.
            let linked = link(fresh, layout.signingKey) == 0
            let code = errno
            try DurableFiles.remove(fresh)
            guard linked || code == EEXIST else {
                throw .system(action: "create", path: layout.signingKey, errno: code)
            }
            try DurableFiles.sync(directory: layout.keys)
        }
        let key = try signingKey()
        let publicFile = "\(layout.keys)/\(key.id).pub"
        if DurableFiles.status(publicFile) == nil {
            try DurableFiles.replace(publicFile, with: key.publicKeyFile, permissions: 0o644)
        }
        return key.id
    }

    func signingKey() throws(StoreError) -> SigningKey { try privateKey(at: layout.signingKey) }

    /// - Throws: `.exposedKey`, `.damaged`, `.system`.
    func privateKey(at path: String) throws(StoreError) -> SigningKey {
        guard let status = DurableFiles.status(path) else {
            throw .system(action: "read", path: path, errno: ENOENT)
        }
        guard status.permissions & 0o077 == 0 else { throw .exposedKey(path: path) }
        do {
            return try SigningKey(privateKeyFile: try DurableFiles.read(path, limit: 256))
        } catch let error as StoreError {
            throw error
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
    }

    /// Trusts another server's key from now on: its capsules verify here, and the stage 1 that is built next boots them.
    func trust(_ key: PublicKey) throws(StoreError) {
        let path = "\(layout.keys)/\(key.id).pub"
        if DurableFiles.status(path) == nil {
            try DurableFiles.replace(path, with: key.file, permissions: 0o644)
        }
    }

    /// The public keys that stage 1 is to trust: every `.pub` file among the keys, so that a second server's key, or
    /// the next one of this server, can be put there.
    /// - Throws: `StoreError`.
    public func publicKeys() throws(StoreError) -> [PublicKey] {
        var found: [PublicKey] = []
        for name in try DurableFiles.names(in: layout.keys) where name.hasSuffix(".pub") {
            let path = "\(layout.keys)/\(name)"
            let file = try DurableFiles.read(path, limit: 256)
            var keys = TrustedKeys()
            do {
                found.append(PublicKey(id: try keys.add(publicKeyFile: file), file: file))
            } catch {
                throw .damaged(path: path, reason: "\(error)")
            }
        }
        return found
    }

    /// The same keys, to verify with.
    /// - Throws: `StoreError`.
    public func trustedKeys() throws(StoreError) -> TrustedKeys {
        var keys = TrustedKeys()
        for key in try publicKeys() {
            _ = try? keys.add(publicKeyFile: key.file)
        }
        return keys
    }
}
