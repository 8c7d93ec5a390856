public import CapsuleFormat
internal import Glibc

extension CapsuleStore {
    /// Makes a generation of another capsule that has everything of this one: its index and so its chunks, which are not
    /// stored again, under a manifest of its own.
    /// - Parameter channel: points at it afterwards; nil moves none.
    /// - Throws: `StoreError`.
    public func clone(
        _ generation: CapsuleGeneration, as name: CapsuleName, channel: CapsuleName?
    ) async throws -> CapsuleGeneration {
        try makeSigningKey()
        let workspace = try BuildWorkspace(self, building: name)
        try await workspace.prepare()
        do {
            let copy = try publishClone(of: generation, in: workspace, channel)
            try await workspace.clear()
            return copy
        } catch {
            try? await workspace.clear()
            throw error
        }
    }

    private func publishClone(
        of generation: CapsuleGeneration, in workspace: BuildWorkspace, _ channel: CapsuleName?
    ) throws -> CapsuleGeneration {
        // Nothing that the index needs may go before the copy is there.
        let held = try holdBundles()
        defer { withExtendedLifetime(held) {} }
        var manifest = try manifest(of: generation)
        let index = try index(of: generation, pinnedBy: manifest)
        guard let copy = CapsuleGeneration(name: workspace.name, number: try nextNumber(of: workspace.name)) else {
            throw StoreError.damaged(path: layout.generations(workspace.name), reason: "no number is left")
        }
        let key = try signingKey()
        manifest.name = copy.name
        manifest.generation = copy.number
        manifest.created = Int64(time(nil))
        manifest.keyID = key.id
        try workspace.publish(
            Publication(
                generation: copy, manifest: try SignedManifest.sign(manifest, with: key), index: index, newBundles: [],
                channel: channel))
        return copy
    }
}
