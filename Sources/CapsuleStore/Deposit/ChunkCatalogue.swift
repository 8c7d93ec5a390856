internal import CapsuleFormat

/// Where every stored chunk lies: what keeps a chunk from being stored twice, whichever capsule it came with.
///
/// The generations' indexes say the same; this is their sum, kept so that a build need not read them all. It may be
/// lost, stale or damaged: it then costs a rebuild and nothing else.
struct ChunkCatalogue: Hashable {
    /// Where a chunk lies.
    struct Place: Hashable {
        /// Position in `bundles`.
        var bundle: UInt32
        var offset: UInt32
        var length: UInt32
    }

    private(set) var bundles: [CapsuleIndex.Bundle] = []
    private(set) var places: [ContentDigest: Place] = [:]
    /// Whose chunks are in it.
    private(set) var generations: Set<CapsuleGeneration> = []
    private var ordinals: [ContentDigest: UInt32] = [:]

    /// Where a chunk is stored already; nil where it is not.
    func find(_ id: ContentDigest) -> (bundle: CapsuleIndex.Bundle, offset: UInt32, length: UInt32)? {
        guard let place = places[id], Int(place.bundle) < bundles.count else { return nil }
        return (bundles[Int(place.bundle)], place.offset, place.length)
    }

    /// Adds the chunks of a generation. A chunk that is there already stays where it is.
    mutating func add(_ index: CapsuleIndex, of generation: CapsuleGeneration) {
        generations.insert(generation)
        let ordinals = index.bundles.map { ordinal(of: $0) }
        for chunk in index.chunks where Int(chunk.bundle) < ordinals.count && places[chunk.id] == nil {
            places[chunk.id] = Place(
                bundle: ordinals[Int(chunk.bundle)], offset: chunk.offset, length: chunk.storedLength)
        }
    }

    /// Leaves out the chunks of bundles that are gone.
    mutating func forget(bundlesWhere isGone: (CapsuleIndex.Bundle) -> Bool) {
        let gone = Set(bundles.indices.filter { isGone(bundles[$0]) }.map { UInt32(truncatingIfNeeded: $0) })
        guard !gone.isEmpty else { return }
        places = places.filter { !gone.contains($0.value.bundle) }
    }

    private mutating func ordinal(of bundle: CapsuleIndex.Bundle) -> UInt32 {
        if let ordinal = ordinals[bundle.id] { return ordinal }
        let ordinal = UInt32(truncatingIfNeeded: bundles.count)
        bundles.append(bundle)
        ordinals[bundle.id] = ordinal
        return ordinal
    }
}

extension ChunkCatalogue {
    private static let magic = Array("PERSEIDC".utf8)
    private static let version: UInt16 = 1

    /// Little-endian: magic 8, version 2, reserved 2, bundles 4, chunks 4, bytes of names 4; per bundle id 32, size 4;
    /// per chunk id 32, bundle 4, offset 4, length 4; the generations' names, one a line; SHA-256 of all before it.
    func encoded() -> [UInt8] {
        let names = Array(generations.sorted().map { "\($0)\n" }.joined().utf8)
        var writer = LittleEndianWriter()
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(UInt16(0))
        writer.append(UInt32(truncatingIfNeeded: bundles.count))
        writer.append(UInt32(truncatingIfNeeded: places.count))
        writer.append(UInt32(truncatingIfNeeded: names.count))
        for bundle in bundles {
            writer.append(bundle.id.bytes)
            writer.append(bundle.size)
        }
        for (id, place) in places {
            writer.append(id.bytes)
            writer.append(place.bundle)
            writer.append(place.offset)
            writer.append(place.length)
        }
        writer.append(names)
        writer.append(ContentDigest(hashing: writer.bytes).bytes)
        return writer.bytes
    }

    /// Nil where the bytes are not what `encoded` wrote, to the last bit.
    init?(_ bytes: [UInt8]) {
        let body = Array(bytes.dropLast(ContentDigest.length))
        guard bytes.count > ContentDigest.length, ContentDigest(hashing: body).bytes == bytes.suffix(32) else {
            return nil
        }
        var reader = LittleEndianReader(body)
        guard reader.bytes(8).map(Array.init) == Self.magic, reader.uint16() == Self.version, reader.skip(2),
            let bundleCount = reader.uint32(), let chunkCount = reader.uint32(), let nameBytes = reader.uint32()
        else { return nil }
        for _ in 0..<bundleCount {
            guard let id = reader.digest(), let size = reader.uint32() else { return nil }
            _ = ordinal(of: CapsuleIndex.Bundle(id: id, size: size))
        }
        for _ in 0..<chunkCount {
            guard let id = reader.digest(), let bundle = reader.uint32(), let offset = reader.uint32(),
                let length = reader.uint32()
            else { return nil }
            places[id] = Place(bundle: bundle, offset: offset, length: length)
        }
        guard let names = reader.bytes(Int(nameBytes)) else { return nil }
        let lines = String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init)
        generations = Set(lines.compactMap { CapsuleGeneration($0) })
    }
}

extension CapsuleStore {
    /// The chunks of every generation, from the saved catalogue as far as it goes and from the indexes beyond it.
    /// Chunks of bundles that are missing or cut short are left out, so that a build stores them anew.
    func loadCatalogue() throws(StoreError) -> ChunkCatalogue {
        let saved = try? DurableFiles.read(layout.catalogue, limit: 1 << 30)
        var catalogue = saved.flatMap { ChunkCatalogue($0) } ?? ChunkCatalogue()
        let present = Set(try list().flatMap(\.generations))
        if !catalogue.generations.isSubset(of: present) { catalogue = ChunkCatalogue() }
        for generation in present.subtracting(catalogue.generations).sorted() {
            // What cannot be read is not shared with; whoever asks for that generation hears why.
            if let index = try? index(of: generation) { catalogue.add(index, of: generation) }
        }
        catalogue.forget { bundle in
            DurableFiles.status(layout.bundle(bundle.id))?.size != Int64(bundle.size)
        }
        return catalogue
    }

    func save(_ catalogue: ChunkCatalogue) throws(StoreError) {
        try DurableFiles.replace(layout.catalogue, with: catalogue.encoded(), permissions: 0o644)
    }
}
