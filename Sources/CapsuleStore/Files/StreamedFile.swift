internal import Glibc
internal import Synchronization

/// A new file that is written from its beginning to its end and read by nobody meanwhile: past the page cache where the
/// file system can (O_DIRECT, open(2)), so that it asks for no memory, which on a machine that is short of it, or that
/// has to have it from its host first, takes longer than all else.
final class StreamedFile: Sendable {
    let path: String
    private let descriptor: Int32
    private let isDirect: Atomic<Bool>

    /// 0o40000 is O_DIRECT on x86-64 (fcntl.h), which Glibc's module shows to _GNU_SOURCE alone; 0o200000 on arm64.
    #if arch(arm64)
        private static let direct: Int32 = 0o200000
    #else
        private static let direct: Int32 = 0o40000
    #endif

    /// Makes a file that is not there yet.
    init(creating path: String, permissions: mode_t) throws(StoreError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        var made = open(path, flags | Self.direct, permissions)
        isDirect = Atomic(made >= 0)
        if made < 0, errno == EINVAL {
            // It may have been made all the same.
            unlink(path)
            made = open(path, flags, permissions)
        }
        guard made >= 0 else { throw .lastCall("create", path) }
        self.path = path
        descriptor = made
        // Whatever the umask is: a daemon without root's rights reads the store, too.
        guard fchmod(made, permissions) == 0 else { throw .lastCall("set the permissions of", path) }
    }

    deinit {
        close(descriptor)
    }

    /// Writes whole blocks.
    func write(_ piece: AlignedPiece, at offset: Int) throws(StoreError) {
        var done = 0
        let count = piece.paddedCount
        while done < count {
            let put = pwrite(
                descriptor, piece.room.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
            if put > 0, put.isMultiple(of: AlignedPiece.block) || !isDirect.load(ordering: .relaxed) {
                done += put
            } else if put > 0 || errno == EINVAL, isDirect.exchange(false, ordering: .relaxed) {
                // Other blocks than ours: through the page cache then.
                if put > 0 { done += put }
                guard fcntl(descriptor, F_SETFL, 0) == 0 else { throw .lastCall("write", path) }
            } else if errno != EINTR {
                throw .lastCall("write", path)
            }
        }
    }

    /// Cuts off what fills the last block.
    func end(at size: Int) throws(StoreError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .lastCall("write", path) }
    }
}

/// Bytes on their way to a `StreamedFile`, at an address that O_DIRECT takes.
///
/// `@unchecked Sendable`: it is filled by one thread, which hands it over and has it no longer.
final class AlignedPiece: @unchecked Sendable {
    /// Bytes; a multiple of every disk's sector.
    static let block = 4096
    private static let size = 512 * block

    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: block)
    private(set) var count = 0

    deinit {
        room.deallocate()
    }

    var isFull: Bool { count == room.count }

    /// With what fills the last block.
    var paddedCount: Int { (count + Self.block - 1) / Self.block * Self.block }

    /// Takes as many bytes as there is room for.
    /// - Returns: how many.
    func append(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(bytes.count, room.count - count)
        UnsafeMutableRawBufferPointer(rebasing: room[count..<(count + taken)]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        count += taken
        return taken
    }

    /// Zeros behind what it has, up to a whole block.
    func pad() {
        UnsafeMutableRawBufferPointer(rebasing: room[count..<paddedCount])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }

    func clear() { count = 0 }
}
