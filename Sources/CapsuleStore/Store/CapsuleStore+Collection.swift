public import CapsuleFormat
internal import Glibc

/// What a collection took away, or would take away.
public struct Collection: Hashable, Sendable {
    /// Generations that retention gave up.
    public var generations: [CapsuleGeneration] = []
    /// Bundles that no generation needs.
    public var bundles: [ContentDigest] = []
    /// Size of those bundles, in bytes.
    public var bytes: Int64 = 0
    /// Builds that died, whose directories were cleared.
    public var builds: [CapsuleName] = []
}

extension CapsuleStore {
    /// Removes generations that nobody keeps and bundles that no generation needs.
    ///
    /// A bundle that is being read stays readable: it is an open file. A collection that dies at any point leaves a
    /// store that is whole, and bundles for the next one.
    /// - Parameters:
    ///   - keep: how many of the newest generations of each capsule stay; nil leaves it to each capsule's
    ///     `RetentionPolicy`, and keeps all of one that has none. Whatever it says, those that a channel points at or
    ///     would roll back to stay, those of `users`, and the server's own.
    ///   - dryRun: says what would go, and changes nothing.
    /// - Throws: `.damaged` where a generation's index cannot be read: what it needs is not known then.
    public func collect(
        keep: Int? = nil, users: GenerationUsers = GenerationUsers(), dryRun: Bool = false
    ) async throws -> Collection {
        let builds = try await clearDeadBuilds(dryRun: dryRun)
        return try whileBundlesAreFree { () throws(StoreError) in
            try whilePublishing { () throws(StoreError) in
                var collection = try collectable(keep: keep, users: users)
                collection.builds = builds
                if !dryRun { try carryOut(collection) }
                return collection
            }
        }
    }

    private func collectable(keep: Int?, users: GenerationUsers) throws(StoreError) -> Collection {
        var collection = Collection()
        var used: Set<ContentDigest> = []
        for listing in try list() {
            let expendable = try expendable(listing, keep: keep, users: users)
            for generation in listing.generations {
                if expendable.contains(generation) {
                    collection.generations.append(generation)
                } else {
                    used.formUnion(try index(of: generation).bundles.map(\.id))
                }
            }
        }
        for id in try DurableFiles.names(in: layout.bundles).compactMap({ ContentDigest(hex: $0) })
        where !used.contains(id) {
            collection.bundles.append(id)
            collection.bytes += DurableFiles.status(layout.bundle(id))?.size ?? 0
        }
        return collection
    }

    private func expendable(
        _ listing: CapsuleListing, keep: Int?, users: GenerationUsers
    ) throws(StoreError) -> Set<CapsuleGeneration> {
        // What the command says stands for this once before what was said of the capsule.
        let said = keep.map { RetentionPolicy(keep: $0, days: nil) }
        let policy = if let said { said } else { try retention(of: listing.name) }
        guard let policy, policy.keep != nil || policy.days != nil else { return [] }
        // The newest stays in any case.
        var expendable = Set(listing.generations.dropLast(max(1, policy.keep ?? 1)))
        if let days = policy.days {
            let limit = Int64(time(nil)) - Int64(days) * 86_400
            for generation in expendable where (try? manifest(of: generation).created) ?? .max > limit {
                expendable.remove(generation)
            }
        }
        if case .generation(let generation) = try served() { expendable.remove(generation) }
        for history in try histories(of: listing.name).values {
            let previous = history.before.first { listing.generations.contains($0) }
            for generation in [history.current, previous] {
                if let generation { expendable.remove(generation) }
            }
        }
        return expendable.subtracting(users.generations)
    }

    /// Generations before their bundles, so that no generation ever lacks one.
    private func carryOut(_ collection: Collection) throws(StoreError) {
        for generation in collection.generations { try remove(generation) }
        try clearDeleted()
        for bundle in collection.bundles { try DurableFiles.remove(layout.bundle(bundle)) }
        if !collection.generations.isEmpty || !collection.bundles.isEmpty {
            try DurableFiles.sync(directory: layout.bundles)
            try save(try loadCatalogue())
        }
    }

    /// Clears the directories of builds that are not running any more.
    private func clearDeadBuilds(dryRun: Bool) async throws -> [CapsuleName] {
        var cleared: [CapsuleName] = []
        for name in try DurableFiles.names(in: layout.builds).compactMap({ CapsuleName($0) }) {
            do {
                let workspace = try BuildWorkspace(self, building: name)
                if !dryRun { try await workspace.clear() }
                cleared.append(name)
            } catch StoreError.buildInProgress {
                continue
            }
        }
        return cleared
    }
}
