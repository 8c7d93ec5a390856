internal import Glibc

/// A file descriptor with one owner, closed when that goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, valid as long as the owner lives.
    public let raw: Int32

    /// Takes over an open descriptor.
    public init(owning raw: Int32) {
        self.raw = raw
    }

    /// Hands the descriptor to the caller, who closes it.
    public consuming func release() -> Int32 {
        let raw = raw
        discard self
        return raw
    }

    deinit {
        // Never repeated on EINTR: Linux has closed it by then.
        _ = close(raw)
    }
}

extension FileDescriptor {
    /// Opens `path` with the flags of open(2); O_CLOEXEC is added.
    public static func open(
        _ path: String, _ flags: Int32, permissions: UInt32 = 0o644
    ) throws(SystemError) -> FileDescriptor {
        let raw = try systemCall("open", path) { Glibc.open(path, flags | O_CLOEXEC, mode_t(permissions)) }
        return FileDescriptor(owning: raw)
    }

    /// Reads at most `buffer.count` bytes from where the file stands; 0 is its end.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try systemCall("read") { Glibc.read(raw, buffer.baseAddress, buffer.count) }
    }

    /// Reads at most `buffer.count` bytes from `offset`; less only at the end of the file.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let got = try systemCall("pread") {
                pread(raw, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// The bytes from `offset`, `count` of them; fewer only at the end of the file.
    public func bytes(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, got in
            do throws(SystemError) {
                got = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads to the end, for small files and those of /proc, whose size is not known before.
    /// A file over `limit` bytes ends in EFBIG.
    public func readAll(limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let got = try read(into: chunk)
            if got == 0 { return bytes }
            guard bytes.count + got <= limit else {
                throw SystemError(call: "read", code: EFBIG, context: "more than \(limit) bytes")
            }
            bytes.append(contentsOf: chunk[..<got])
        }
    }

    /// Waits until the content is on stable storage: of a file its bytes (fdatasync(2)), of a directory its names.
    public func synchronize() throws(SystemError) {
        try systemCall("fdatasync") { fdatasync(raw) }
    }

    /// Writes all of `bytes`.
    public func writeAll(_ bytes: RawSpan) throws(SystemError) {
        var done = 0
        while done < bytes.byteCount {
            done += try systemCall("write") {
                bytes.withUnsafeBytes { write(raw, $0.baseAddress.map { $0 + done }, $0.count - done) }
            }
        }
    }
}

/// Lets this process have as many files and connections open as the system allows it: the limit that it starts with is
/// for programs that use select(2).
public func raiseDescriptorLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else {
        return
    }
    limit.rlim_cur = limit.rlim_max
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
