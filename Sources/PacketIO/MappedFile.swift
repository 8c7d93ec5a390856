internal import Glibc

/// A file whose bytes system calls take straight from the page cache: mapped once, shared by all who send it.
///
/// The file may shrink while it is mapped. A program that then reads the lost pages itself is ended by SIGBUS
/// (mmap(2)); the kernel, where it is handed them by a system call, answers EFAULT. So the bytes are for system calls
/// alone, and nothing here reads them.
public final class MappedFile: Sendable {
    /// Which file it is, and in which state: the same for two openings of a file that was not written between them.
    public struct Identity: Hashable, Sendable {
        var device: UInt64
        var inode: UInt64
        var size: Int
        var seconds: Int
        var nanoseconds: Int

        fileprivate init(_ raw: Int32) throws(SystemError) {
            var status = stat()
            try systemCall("fstat") { fstat(raw, &status) }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }

        public init(of file: ReadOnlyFile) throws(SystemError) {
            try self.init(file.descriptor.raw)
        }
    }

    public let identity: Identity
    /// In bytes.
    public var size: Int { identity.size }
    private let file: ReadOnlyFile
    /// Written once, in `init`.
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer?

    public init(_ file: ReadOnlyFile) throws(SystemError) {
        let identity = try Identity(of: file)
        var base: UnsafeMutableRawPointer?
        if identity.size > 0 {
            base = mmap(nil, identity.size, PROT_READ, MAP_SHARED, file.descriptor.raw, 0)
            guard base != MAP_FAILED else { throw SystemError(call: "mmap", code: errno) }
        }
        self.identity = identity
        self.file = file
        self.base = base
    }

    deinit {
        if let base { munmap(base, size) }
    }

    /// The file was written or cut since it was mapped.
    public var hasChanged: Bool { (try? Identity(of: file)) != identity }

    /// The bytes of `range`, for a system call; empty where the range is not within the file.
    public func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        guard let base, range.lowerBound >= 0, range.upperBound <= size else { return .init(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
    }
}
