internal import Glibc

/// An open file, closed when the last reference goes.
final class OpenFile {
    let descriptor: Int32
    let path: String
    private var isLocked = false

    /// Takes over a descriptor that is open.
    /// - Parameter path: for errors.
    init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        // By itself the lock would go only with the last copy of the descriptor, and a program that is being started
        // has one until its exec.
        if isLocked { flock(descriptor, LOCK_UN) }
        close(descriptor)
    }

    /// Opens a file to read. Does not follow a symbolic link in the last component.
    static func reading(_ path: String) throws(StoreError) -> OpenFile {
        try OpenFile(opening(path, O_RDONLY | O_NOFOLLOW, 0, "read"), path)
    }

    /// Opens a file that somebody named, wherever its links lead.
    static func following(_ path: String) throws(StoreError) -> OpenFile {
        try OpenFile(opening(path, O_RDONLY, 0, "read"), path)
    }

    /// Opens a file to change it.
    static func writing(_ path: String) throws(StoreError) -> OpenFile {
        try OpenFile(opening(path, O_WRONLY | O_NOFOLLOW, 0, "write"), path)
    }

    /// Makes a file that is not there yet.
    static func creating(_ path: String, permissions: mode_t) throws(StoreError) -> OpenFile {
        let file = try OpenFile(opening(path, O_WRONLY | O_CREAT | O_EXCL, permissions, "create"), path)
        // Whatever the umask is: a daemon without root's rights reads the store, too.
        guard fchmod(file.descriptor, permissions) == 0 else { throw .lastCall("set the permissions of", path) }
        return file
    }

    /// Opens a file to lock it, and makes it where it is missing.
    static func locking(_ path: String) throws(StoreError) -> OpenFile {
        try OpenFile(opening(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600, "open the lock"), path)
    }

    /// Opens a directory to sync it.
    static func directory(_ path: String) throws(StoreError) -> OpenFile {
        try OpenFile(opening(path, O_RDONLY | O_DIRECTORY, 0, "open the directory"), path)
    }

    private static func opening(
        _ path: String, _ flags: Int32, _ permissions: mode_t, _ action: String
    ) throws(StoreError) -> Int32 {
        while true {
            let descriptor = open(path, flags | O_CLOEXEC, permissions)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else { throw .lastCall(action, path) }
        }
    }

    /// Appends up to `count` bytes to `buffer`.
    /// - Returns: how many, 0 at the end of the file.
    func read(_ count: Int, into buffer: inout [UInt8]) throws(StoreError) -> Int {
        var failed: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            var got: Int
            repeat {
                got = Glibc.read(descriptor, bytes.baseAddress, bytes.count)
                failed = got < 0 ? errno : 0
            } while failed == EINTR
            initialized = max(0, got)
        }
        guard failed == 0 else { throw .system(action: "read", path: path, errno: failed) }
        buffer += piece
        return piece.count
    }

    /// Reads into what `buffer` has from `start` on.
    /// - Returns: how many bytes, 0 at the end of the file.
    func read(into buffer: inout [UInt8], from start: Int) throws(StoreError) -> Int {
        guard start < buffer.count else { return 0 }
        while true {
            let got = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress.map { $0 + start }, $0.count - start)
            }
            if got >= 0 { return got }
            guard errno == EINTR else { throw .lastCall("read", path) }
        }
    }

    /// Writes all of `bytes` at the file's position.
    func write(_ bytes: RawSpan) throws(StoreError) {
        try Self.write(bytes, to: descriptor, path)
    }

    /// The same for a file that another thread keeps open meanwhile.
    static func write(_ bytes: RawSpan, to descriptor: Int32, _ path: String) throws(StoreError) {
        var written = 0
        while written < bytes.byteCount {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw .lastCall("write", path)
            }
        }
    }

    /// The bytes at `offset`: fewer than `count` where the file ends.
    func read(_ count: Int, at offset: Int64) throws(StoreError) -> [UInt8] {
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + initialized }, count - initialized,
                    off_t(offset) + off_t(initialized))
                if got > 0 { initialized += got }
                failed = got < 0 ? errno : 0
                if got == 0 || (got < 0 && failed != EINTR) { break }
            }
        }
        guard failed == 0 else { throw .system(action: "read", path: path, errno: failed) }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    func write(_ bytes: RawSpan, at offset: Int64) throws(StoreError) {
        var written = 0
        while written < bytes.byteCount {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written,
                    off_t(offset) + off_t(written))
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw .lastCall("write", path)
            }
        }
    }

    /// In bytes; 0 where it cannot be told.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Makes a file as long as this, with a hole at its end.
    func extend(to size: Int64) throws(StoreError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw .lastCall("extend", path) }
    }

    func setPermissions(_ permissions: mode_t) throws(StoreError) {
        guard fchmod(descriptor, permissions) == 0 else { throw .lastCall("set the permissions of", path) }
    }

    /// Waits until the file, or the directory's names, are on stable storage.
    func sync() throws(StoreError) {
        guard fsync(descriptor) == 0 else { throw .lastCall("sync", path) }
    }

    /// Takes a lock that ends with this object or the process.
    /// - Parameter shared: others may have it at the same time, if theirs are shared as well.
    /// - Returns: false where somebody else has it and `waiting` is false.
    func lock(waiting: Bool, shared: Bool = false) throws(StoreError) -> Bool {
        while true {
            if flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | (waiting ? 0 : LOCK_NB)) == 0 {
                isLocked = true
                return true
            }
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw .lastCall("lock", path) }
        }
    }

    /// Takes the lock, however long somebody else has it, without holding up a thread.
    func lockPatiently() async throws {
        while try !lock(waiting: false) { try await Task.sleep(for: .milliseconds(100)) }
    }

    /// Replaces the whole contents, for the note in a lock file.
    func rewrite(_ text: String) throws(StoreError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw .lastCall("rewrite", path)
        }
        try write(Array(text.utf8).span.bytes)
    }
}
