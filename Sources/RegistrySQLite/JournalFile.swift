import Glibc
import Registry

/// A file of fixed size whose blocks are all there from the start: writing into it changes no metadata, and a full disk
/// cannot refuse it.
///
/// Where the file system can, writes pass the page cache by and return when they are on the medium (O_DIRECT with
/// O_DSYNC, open(2)): one request to the disk in place of a copy, a write and a flush, and nothing in it waits for the
/// pages and the log of SQLite, which is what made one fdatasync in a hundred take milliseconds. Elsewhere (tmpfs) each
/// write is followed by an fdatasync.
struct JournalFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    private let isDirect: Bool
    /// Whole blocks on their way, at an address that O_DIRECT takes.
    private let room: UnsafeMutableRawBufferPointer
    /// What the block that `store` will go on in holds.
    private let tail: UnsafeMutableRawBufferPointer
    /// Where in the file `tail` belongs; nil if it holds nothing.
    private var tailOffset: Int?

    /// Bytes; a multiple of every disk's sector.
    private static let block = 4096
    private static let roomSize = 64 * block

    /// Opens the file; makes it, filled with zeros and readable by its owner alone, if it is not there.
    init(path: String, size: Int) throws(RegistryError) {
        let made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard made >= 0 else { throw Self.failure("open", path) }
        do throws(RegistryError) {
            try Self.fill(made, path, to: size)
        } catch {
            _ = close(made)
            throw error
        }
        // 0o40000 is O_DIRECT on x86-64 and most others (fcntl.h), which Glibc's module shows to _GNU_SOURCE alone.
        let direct = size.isMultiple(of: Self.block) ? open(path, O_RDWR | O_CLOEXEC | O_DSYNC | 0o40000) : -1
        if direct >= 0 { _ = close(made) }
        self.path = path
        descriptor = direct >= 0 ? direct : made
        isDirect = direct >= 0
        room = .allocate(byteCount: Self.roomSize, alignment: Self.block)
        tail = .allocate(byteCount: Self.block, alignment: Self.block)
    }

    private static func fill(_ descriptor: Int32, _ path: String, to size: Int) throws(RegistryError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("open", path) }
        let missing = size - Int(status.st_size)
        guard missing > 0 else { return }
        try write([UInt8](repeating: 0, count: missing), to: descriptor, path, at: Int(status.st_size))
        guard fsync(descriptor) == 0 else { throw failure("make", path) }
    }

    deinit {
        _ = close(descriptor)
        room.deallocate()
        tail.deallocate()
    }

    /// On stable storage when it returns. What follows in the last block that is written becomes zeros.
    mutating func store(_ bytes: [UInt8], at offset: Int) throws(RegistryError) {
        guard isDirect else {
            try Self.write(bytes, to: descriptor, path, at: offset)
            guard fdatasync(descriptor) == 0 else { throw Self.failure("write", path) }
            return
        }
        var done = 0
        while done < bytes.count { done += try storeBlocks(bytes[done...], at: offset + done) }
    }

    /// Writes as much of `bytes` as there is room for, in whole blocks, and gives how much that was.
    private mutating func storeBlocks(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(RegistryError) -> Int {
        let start = offset / Self.block * Self.block
        let before = offset - start
        try loadTail(at: start, upTo: before)
        let taken = min(bytes.count, Self.roomSize - before)
        let size = (before + taken + Self.block - 1) / Self.block * Self.block
        room.copyBytes(from: tail.prefix(before))
        UnsafeMutableRawBufferPointer(rebasing: room[before...]).copyBytes(from: bytes.prefix(taken))
        UnsafeMutableRawBufferPointer(rebasing: room[(before + taken)..<size]).initializeMemory(
            as: UInt8.self, repeating: 0)
        try Self.write(UnsafeRawBufferPointer(rebasing: room[..<size]), to: descriptor, path, at: start)
        let last = size - Self.block
        tail.copyBytes(from: room[last..<size])
        tailOffset = start + last
        return taken
    }

    /// Sees to it that `tail` holds the first `count` bytes of the block at `start`.
    private mutating func loadTail(at start: Int, upTo count: Int) throws(RegistryError) {
        guard count > 0, tailOffset != start else { return }
        let got = pread(descriptor, tail.baseAddress, Self.block, off_t(start))
        guard got >= count else { throw Self.failure("read", path) }
        tailOffset = start
    }

    /// Reads `size` bytes of the file at `path`, fewer where it is shorter; none if there is no such file.
    static func read(_ path: String, size: Int) throws(RegistryError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("read", path)
        }
        defer { _ = close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: size)
        var done = 0
        while done < size {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + done }, size - done, off_t(done))
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw failure("read", path)
            }
            done += got
        }
        bytes.removeLast(size - done)
        return bytes
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, _ path: String, at offset: Int
    ) throws(RegistryError) {
        let result = bytes.withUnsafeBytes { buffer -> Result<Void, RegistryError> in
            do throws(RegistryError) {
                return .success(try write(buffer, to: descriptor, path, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String, at offset: Int
    ) throws(RegistryError) {
        var done = 0
        while done < bytes.count {
            let put = pwrite(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if put < 0 {
                if errno == EINTR { continue }
                throw failure("write", path)
            }
            done += put
        }
    }

    private static func failure(_ operation: String, _ path: String) -> RegistryError {
        .failed(operation: "\(operation) the lease journal \(path)", reason: String(cString: strerror(errno)))
    }
}
