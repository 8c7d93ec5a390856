public import CapsuleFormat

/// What lies between two generations.
public struct CapsuleDifference: Hashable, Sendable {
    /// One stream of the newer one.
    public struct Stream: Hashable, Sendable {
        public let role: StreamRole
        /// In bytes.
        public let size: Int64
        public let chunks: Int
        /// Those of them that the older generation has in any stream.
        public let sharedChunks: Int
        /// Bytes that a node which has the older one fetches; what two streams share counts for the first.
        public let fetchedBytes: Int64
    }

    /// Names that only one of two has, and those that both have otherwise.
    public struct Names: Hashable, Sendable {
        public var added: [String] = []
        public var removed: [String] = []
        /// Of files by kind, permissions, owner, size or time; of directories by permissions or owner.
        public var changed: [String] = []

        public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
    }

    /// A package by another version.
    public struct Package: Hashable, Sendable {
        public let name: String
        /// Nil where the older generation lacks it.
        public let from: String?
        /// Nil where the newer generation lacks it.
        public let to: String?
    }

    public let streams: [Stream]
    /// Nil where unsquashfs is not installed.
    public let files: Names?
    /// Nil where one of the two has no database of dpkg or rpm, or unsquashfs is not installed.
    public let packages: [Package]?

    /// Bytes of all streams that a node which has the older one fetches.
    public var fetchedBytes: Int64 { streams.reduce(0) { $0 + $1.fetchedBytes } }
}

extension CapsuleDifference {
    static func streams(from old: CapsuleIndex, to new: CapsuleIndex) -> [Stream] {
        var had = Set(old.chunks.map(\.id))
        let before = had
        return new.streams.map { stream in
            let chunks = new.chunks[stream.chunks]
            var fetched: Int64 = 0
            for chunk in chunks where had.insert(chunk.id).inserted { fetched += Int64(chunk.storedLength) }
            return Stream(
                role: stream.role, size: stream.size, chunks: chunks.count,
                sharedChunks: chunks.count { before.contains($0.id) }, fetchedBytes: fetched)
        }
    }

    static func packages(from old: [String: String], to new: [String: String]) -> [Package] {
        Set(old.keys).union(new.keys).sorted().compactMap { name in
            old[name] == new[name] ? nil : Package(name: name, from: old[name], to: new[name])
        }
    }
}
