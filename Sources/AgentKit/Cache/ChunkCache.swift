package import CapsuleFormat
internal import Glibc
package import PacketIO
internal import Synchronization

/// Verified chunks in a directory of this node's own disk, for the next boot: one file each, named by the chunk's
/// SHA-256, below `DIRECTORY/chunks/XX`. The whole is bounded in size; what was not used for longest goes first.
///
/// Nothing here is trusted. Every chunk is verified again when it is read, and one that does not verify is deleted: a
/// damaged cache is as good as an empty one. A cache that cannot be written is not an error either, only slow.
package final class ChunkCache: Sendable {
    /// Most bytes that the cache holds.
    package let limit: Int64
    private let directory: String
    /// Counts the boots that used this cache. Files carry it as their time of modification: a node's clock is not
    /// always set that early.
    private let boot: Int64
    private let room = Mutex<Int64>(0)

    /// Opens the cache in a directory that exists, or begins one there.
    package init(in directory: String, limit: Int64) throws(SystemError) {
        self.directory = directory
        self.limit = limit
        try SmallFile.makeDirectory("\(directory)/chunks", permissions: 0o700)
        let counter = "\(directory)/boots"
        let last = SmallFile.text(counter).flatMap { Int64($0) } ?? 0
        boot = max(0, min(last, Int64(Int32.max) - 1)) + 1
        try SmallFile.replace(counter, with: Array("\(boot)\n".utf8), permissions: 0o600)
    }

    private struct Kept {
        var path: String
        var size: Int64
        var boot: Int64
    }

    /// Looks which chunks of some streams are here, and makes room for the others.
    package func prepare(for streams: [ChunkedStream]) -> Set<ContentDigest> {
        var wanted: [ContentDigest: Int64] = [:]
        for stream in streams {
            for chunk in stream.chunks { wanted[chunk.id] = Int64(chunk.storedLength) }
        }
        var held: Set<ContentDigest> = []
        var others: [Kept] = []
        var used: Int64 = 0
        for (name, kept) in files() {
            used += kept.size
            if let id = ContentDigest(hex: name), wanted[id] == kept.size {
                held.insert(id)
                wanted[id] = nil
            } else {
                others.append(kept)
            }
        }
        let needed = wanted.values.reduce(0, +)
        for kept in others.sorted(by: { $0.boot < $1.boot }) where used + needed > limit {
            if unlink(kept.path) == 0 { used -= kept.size }
        }
        room.withLock { $0 = limit - used }
        return held
    }

    private func files() -> [(name: String, Kept)] {
        var found: [(String, Kept)] = []
        for group in SmallFile.names(in: "\(directory)/chunks") {
            for name in SmallFile.names(in: "\(directory)/chunks/\(group)") {
                let path = "\(directory)/chunks/\(group)/\(name)"
                var status = stat()
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                found.append(
                    (name, Kept(path: path, size: Int64(status.st_size), boot: Int64(status.st_mtim.tv_sec))))
            }
        }
        return found
    }

    private func path(_ id: ContentDigest) -> String {
        let name = id.hex
        return "\(directory)/chunks/\(name.prefix(2))/\(name)"
    }

    /// Fills `bytes` with a chunk.
    /// - Returns: false where the chunk is not here, or not as it should be.
    package func read(_ chunk: ChunkEntry, into bytes: inout [UInt8]) -> Bool {
        let path = path(chunk.id)
        do throws(SystemError) {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
            bytes = try file.bytes(Int(chunk.storedLength), at: 0)
            guard chunk.verify(bytes.span.bytes) else {
                _ = unlink(path)
                return false
            }
            stamp(file)
            return true
        } catch {
            // A file that the disk cannot give back is worth nothing.
            if error.code != ENOENT { _ = unlink(path) }
            return false
        }
    }

    /// Keeps a chunk that was verified. A full or a broken disk keeps nothing, and says nothing.
    package func keep(_ id: ContentDigest, _ bytes: ArraySlice<UInt8>) {
        let size = Int64(bytes.count)
        let fits = room.withLock { room in
            guard room >= size else { return false }
            room -= size
            return true
        }
        guard fits else { return }
        let path = path(id)
        do throws(SystemError) {
            try SmallFile.makeDirectory("\(directory)/chunks/\(id.hex.prefix(2))", permissions: 0o700)
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: 0o600)
            try file.writeAll(bytes.span.bytes)
            stamp(file)
        } catch {
            guard error.code != EEXIST else { return }
            _ = unlink(path)
            // The disk has less room than it was allowed.
            room.withLock { $0 = 0 }
        }
    }

    private func stamp(_ file: borrowing FileDescriptor) {
        let time = timespec(tv_sec: Int(boot), tv_nsec: 0)
        var times = (time, time)
        _ = withUnsafePointer(to: &times) {
            $0.withMemoryRebound(to: timespec.self, capacity: 2) { futimens(file.raw, $0) }
        }
    }
}
