internal import Glibc
package import PacketIO

/// A file that a stream is assembled in: its chunks are written at their places as they are verified.
package final class StreamFile: Sendable {
    package let path: String
    package let descriptor: FileDescriptor
    /// Where in the file the stream begins, in bytes.
    private let base: Int64

    package init(_ path: String, owning descriptor: consuming FileDescriptor, base: Int64 = 0) {
        self.path = path
        self.descriptor = descriptor
        self.base = base
    }

    /// What is in the file at `offset` of the stream: at most `count` bytes, fewer at its end.
    func bytes(_ count: Int, at offset: Int64) throws(SystemError) -> [UInt8] {
        try descriptor.bytes(count, at: Int(base + offset))
    }

    /// Writes all of `bytes` at `offset` of the stream (pwrite(2)).
    func write(_ bytes: ArraySlice<UInt8>, at offset: Int64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let place = off_t(base) + off_t(offset) + off_t(done)
            done += try systemCall("pwrite", path) {
                bytes.withUnsafeBytes {
                    pwrite(descriptor.raw, $0.baseAddress.map { $0 + done }, $0.count - done, place)
                }
            }
        }
    }
}
