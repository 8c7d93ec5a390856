internal import CapsuleFormat

/// Brings the bundles of an import together with those of the same names that the store has.
///
/// A bundle here may lack chunks that the import brings, because it came with another import, which had its own share
/// of it. The new file then gets what published generations have in the old one, and takes its place in one step.
/// Runs under the lock of publication, when no index can come or go.
struct BundleReconciliation {
    let store: CapsuleStore
    let index: CapsuleIndex
    let distinct: DistinctChunks
    /// Where the import's bundles are.
    let directory: String

    private struct Extent {
        var id: ContentDigest
        var offset: UInt32
        var length: UInt32

        func overlaps(_ other: Extent) -> Bool {
            UInt64(offset) < UInt64(other.offset) + UInt64(other.length)
                && UInt64(other.offset) < UInt64(offset) + UInt64(length)
        }
    }

    /// - Returns: the bundles that are to be moved into the store.
    /// - Throws: `.bundleConflict`, `.damaged`, `.system`.
    func bundlesToMove() throws(StoreError) -> [CapsuleIndex.Bundle] {
        var mine: [Int: [Extent]] = [:]
        for chunk in distinct.chunks {
            for place in chunk.places {
                mine[place.bundle, default: []].append(
                    Extent(id: chunk.id, offset: place.offset, length: chunk.length))
            }
        }
        var moving: [CapsuleIndex.Bundle] = []
        for (ordinal, extents) in mine.sorted(by: { $0.key < $1.key }) {
            let bundle = index.bundles[ordinal]
            if DurableFiles.status(store.layout.bundle(bundle.id)) != nil {
                if try hasAll(extents, bundle: ordinal) { continue }
                try addWhatOthersHave(in: ordinal, to: extents)
            }
            moving.append(bundle)
        }
        return moving
    }

    private func hasAll(_ extents: [Extent], bundle: Int) throws(StoreError) -> Bool {
        var stored = StoredChunks(of: index, in: store.layout)
        for extent in extents {
            do {
                _ = try stored.read(extent.id, length: extent.length, bundle: bundle, offset: extent.offset)
            } catch .damaged {
                return false
            }
        }
        return true
    }

    private func addWhatOthersHave(in ordinal: Int, to mine: [Extent]) throws(StoreError) {
        let id = index.bundles[ordinal].id
        var stored = StoredChunks(of: index, in: store.layout)
        let file = try OpenFile.writing("\(directory)/\(id.hex)")
        var done: Set<ContentDigest> = Set(mine.map(\.id))
        for generation in try store.list().flatMap(\.generations) {
            let other = try store.index(of: generation)
            guard let position = other.bundles.firstIndex(where: { $0.id == id }) else { continue }
            guard other.bundles[position].size == index.bundles[ordinal].size else { throw .bundleConflict(id) }
            for chunk in other.chunks where Int(chunk.bundle) == position && done.insert(chunk.id).inserted {
                let extent = Extent(id: chunk.id, offset: chunk.offset, length: chunk.storedLength)
                guard !mine.contains(where: { $0.overlaps(extent) }) else { throw .bundleConflict(id) }
                // What is damaged already does not become worse by being left out.
                guard
                    let bytes = try? stored.read(
                        chunk.id, length: chunk.storedLength, bundle: ordinal, offset: chunk.offset)
                else { continue }
                try file.write(bytes.span.bytes, at: Int64(chunk.offset))
            }
        }
        try file.sync()
    }
}
