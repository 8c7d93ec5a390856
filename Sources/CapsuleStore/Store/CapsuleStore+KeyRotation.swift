public import CapsuleFormat
internal import Glibc

/// A key of a store, for people.
public struct StoredKey: Hashable, Sendable {
    public enum Role: String, Hashable, Sendable {
        /// Signs what is built here.
        case signing
        /// Signs after the next rotation; trusted already, so that stage 1 can carry it first.
        case next
        /// Its signatures count.
        case trusted
        /// Its signatures count no more.
        case expired, retired
    }

    public let id: KeyID
    public let role: Role
    /// In seconds since 1970; nil for never.
    public let expires: Int64?
    /// Generations here that it signed.
    public let generations: [CapsuleGeneration]
}

extension CapsuleStore {
    /// Makes the key that the next rotation begins to sign with, and trusts it from now on. Stage 1 that is built after
    /// this carries it; nodes that booted such a stage 1 take what it signs.
    /// - Returns: its name; that of the one that waits already, where there is one.
    /// - Throws: `StoreError`.
    public func prepareNextKey() throws(StoreError) -> KeyID {
        try whilePublishing { () throws(StoreError) in
            let key: SigningKey
            if DurableFiles.status(layout.nextKey) != nil {
                key = try privateKey(at: layout.nextKey)
            } else {
                key = SigningKey()
                // Its public half first: a key that signs is always a trusted one.
                try DurableFiles.replace(layout.publicKey(key.id), with: key.publicKeyFile, permissions: 0o644)
                try DurableFiles.replace(layout.nextKey, with: key.privateKeyFile, permissions: 0o600)
            }
            return key.id
        }
    }

    /// Signs with the prepared key, or a new one, from now on. What the old one signed stays trusted until it is retired
    /// or expires; its private half is gone.
    /// - Returns: the old key and the new one.
    /// - Throws: `StoreError`.
    public func rotateSigningKey() throws(StoreError) -> (old: KeyID, new: KeyID) {
        try makeSigningKey()
        let new = try prepareNextKey()
        return try whilePublishing { () throws(StoreError) in
            let old = try signingKey().id
            try DurableFiles.move(layout.nextKey, to: layout.signingKey)
            return (old, new)
        }
    }

    /// Trusts a key no more. Its file stays, so that nobody trusts it again by chance.
    /// - Throws: `.key` where it signs, is not there, or signed what a channel points at; `.system`.
    public func retire(_ id: KeyID) throws(StoreError) {
        try whilePublishing { () throws(StoreError) in
            let key = try changeable(id)
            let channels = try list().flatMap { listing in
                listing.channels.filter { key.generations.contains($0.value) }.map { "\(listing.name):\($0.key)" }
            }
            guard channels.isEmpty else {
                throw .key(
                    id.text,
                    reason:
                        "it signed what \(channels.sorted().prefix(5).joined(separator: ", ")) points at; build that"
                        + " again first")
            }
            try DurableFiles.makeDirectory(layout.retiredKeys, permissions: 0o700)
            try DurableFiles.move(layout.publicKey(id), to: "\(layout.retiredKeys)/\(id).pub")
            try DurableFiles.sync(directory: layout.keys)
        }
    }

    /// Lets a key's signatures count until a time and no longer. Stage 1 that is built after this knows it.
    /// - Parameter time: seconds since 1970; nil takes the end away.
    /// - Throws: `.key` where it is the signing key or not there; `.system`.
    public func expire(_ id: KeyID, at time: Int64?) throws(StoreError) {
        try whilePublishing { () throws(StoreError) in
            _ = try changeable(id)
            let file = try DurableFiles.read(layout.publicKey(id), limit: 256)
            let first = file.prefix { $0 != 0x0A } + [0x0A]
            let second = time.map { "expires \($0)\n" } ?? ""
            try DurableFiles.replace(
                layout.publicKey(id), with: Array(first) + Array(second.utf8), permissions: 0o644)
        }
    }

    /// All keys: the one that signs first, those that count no more last.
    /// - Throws: `StoreError`.
    public func storedKeys() throws(StoreError) -> [StoredKey] {
        let trusted = try trustedKeys()
        let signing = DurableFiles.status(layout.signingKey) == nil ? nil : try signingKey().id
        let next = DurableFiles.status(layout.nextKey) == nil ? nil : try privateKey(at: layout.nextKey).id
        var signed: [KeyID: [CapsuleGeneration]] = [:]
        for generation in try list().flatMap(\.generations) {
            if let id = try? manifest(of: generation).keyID { signed[id, default: []].append(generation) }
        }
        let now = Int64(time(nil))
        var keys = trusted.ids.map { id in
            let end = trusted.expiry(of: id)
            let role: StoredKey.Role =
                id == signing ? .signing : id == next ? .next : end.map { $0 <= now } == true ? .expired : .trusted
            return StoredKey(id: id, role: role, expires: end, generations: signed[id] ?? [])
        }
        for name in try DurableFiles.names(in: layout.retiredKeys) where name.hasSuffix(".pub") {
            guard let id = KeyID(String(name.dropLast(4))), !trusted.ids.contains(id) else { continue }
            keys.append(StoredKey(id: id, role: .retired, expires: nil, generations: []))
        }
        let order: [StoredKey.Role] = [.signing, .next, .trusted, .expired, .retired]
        return keys.sorted {
            (order.firstIndex(of: $0.role) ?? 0, $0.id.text) < (order.firstIndex(of: $1.role) ?? 0, $1.id.text)
        }
    }

    private func changeable(_ id: KeyID) throws(StoreError) -> StoredKey {
        let keys = try storedKeys()
        guard let key = keys.first(where: { $0.id == id && $0.role != .retired }) else {
            let known = keys.map(\.id.text).joined(separator: ", ")
            throw .key(id.text, reason: "it is not among the trusted keys; there are: \(known)")
        }
        guard key.role != .signing else {
            throw .key(id.text, reason: "it signs what is built here; rotate first: perseid capsule key rotate")
        }
        guard key.role != .next else {
            throw .key(id.text, reason: "it is to sign after the next rotation: perseid capsule key rotate")
        }
        return key
    }
}
