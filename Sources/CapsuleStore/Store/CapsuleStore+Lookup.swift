public import CapsuleFormat

/// A capsule with all that can be asked for of it.
public struct CapsuleListing: Hashable, Sendable {
    public let name: CapsuleName
    /// From the oldest to the newest.
    public let generations: [CapsuleGeneration]
    public let channels: [CapsuleName: CapsuleGeneration]
}

extension CapsuleStore {
    /// All capsules that have a generation, by name.
    /// - Throws: `StoreError`.
    public func list() throws(StoreError) -> [CapsuleListing] {
        var listings: [CapsuleListing] = []
        for name in try DurableFiles.names(in: layout.capsules).compactMap({ CapsuleName($0) }) {
            let generations = try generations(of: name)
            guard !generations.isEmpty else { continue }
            listings.append(CapsuleListing(name: name, generations: generations, channels: try channels(of: name)))
        }
        return listings
    }

    /// The generations of a capsule from the oldest to the newest; none where there is no such capsule.
    /// - Throws: `StoreError`.
    public func generations(of name: CapsuleName) throws(StoreError) -> [CapsuleGeneration] {
        try DurableFiles.names(in: layout.generations(name)).compactMap { CapsuleGeneration("\(name)@\($0)") }.sorted()
    }

    /// The exact generation that a reference means now.
    /// - Throws: `.noSuchCapsule`, `.noSuchGeneration`, `.noSuchChannel`, each with what there is instead.
    public func resolve(_ reference: CapsuleReference) throws(StoreError) -> CapsuleGeneration {
        let known = try generations(of: reference.name)
        guard !known.isEmpty else { throw .noSuchCapsule(reference.name, known: try list().map(\.name)) }
        switch reference {
        case .generation(let generation):
            guard known.contains(generation) else {
                throw .noSuchGeneration(generation, known: known.map(\.number))
            }
            return generation
        case .channel(let name, let channel):
            guard let generation = try history(of: channel, of: name)?.current else {
                throw .noSuchChannel(name, channel: channel, known: try channels(of: name).keys.sorted())
            }
            guard known.contains(generation) else {
                throw .noSuchGeneration(generation, known: known.map(\.number))
            }
            return generation
        }
    }
}
