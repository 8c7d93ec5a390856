internal import Glibc

/// A file that is open for reading and shared. Reading at a position changes nothing: any thread may.
public final class ReadOnlyFile: Sendable {
    /// Bytes when it was opened.
    public let size: Int
    /// Last change of its content, in milliseconds since 1970.
    public let modified: Int64
    /// Open as long as this object lives.
    public let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) throws(SystemError) {
        var status = stat()
        let raw = descriptor.raw
        try systemCall("fstat") { fstat(raw, &status) }
        self.descriptor = descriptor
        size = Int(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    }

    /// Reads from `offset` until `buffer` is full or the file ends; gives the count.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
        try descriptor.read(into: buffer, at: offset)
    }

    /// The whole content; over `limit` bytes it ends in EFBIG.
    public func contents(limit: Int = 16 << 20) throws(SystemError) -> [UInt8] {
        guard size <= limit else { throw SystemError(call: "read", code: EFBIG, context: "more than \(limit) bytes") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        let count = try read(into: buffer, at: 0)
        return Array(buffer[..<count])
    }
}
