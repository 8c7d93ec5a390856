internal import CLinux
internal import Glibc

/// A file that is open for reading and shared. Reading at a position changes nothing: any thread may.
public final class ReadOnlyFile: Sendable {
    /// Bytes when it was opened.
    public let size: Int
    /// Last change of its content, in milliseconds since 1970.
    public let modified: Int64
    /// Tells this file from others, and from what it was before its content changed: inode, moment of the last change
    /// in nanoseconds, size.
    public let identity: (inode: UInt64, changed: Int64, size: Int)
    /// Open as long as this object lives.
    public let descriptor: FileDescriptor

    public init(_ descriptor: consuming FileDescriptor) throws(SystemError) {
        var status = stat()
        let raw = descriptor.raw
        try systemCall("fstat") { fstat(raw, &status) }
        self.descriptor = descriptor
        size = Int(status.st_size)
        let changed = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        identity = (UInt64(status.st_ino), changed, Int(status.st_size))
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

extension ReadOnlyFile {
    /// Whether a part can be sent without waiting for the disk, as far as a few probes tell.
    public func isResident(_ part: Range<Int>) -> Bool {
        perseid_is_resident(descriptor.raw, Int64(part.lowerBound), part.count) == 1
    }

    /// Reads a part and drops it, so that it is in memory when it is sent. Waits for the disk.
    public func readAhead(_ part: Range<Int>) {
        let size = 256 << 10
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = part.lowerBound
        while offset < part.upperBound {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, part.upperBound - offset)])
            guard let got = try? read(into: room, at: offset), got > 0 else { return }
            offset += got
        }
    }

    /// What became of an attempt to send a part of a file.
    public enum Sent: Hashable, Sendable {
        case bytes(Int)
        /// The socket has no room.
        case noRoom
        /// The file ends before: it has been cut short since it was opened.
        case endOfFile
        /// The connection has ended.
        case failed(SystemError)
    }

    /// Sends bytes to a connected stream socket that does not block, from page cache to network without a copy
    /// (sendfile(2)).
    /// - Parameter socket: open for the length of the call.
    public func send(_ part: Range<Int>, to socket: Int32) -> Sent {
        var offset = off_t(part.lowerBound)
        do throws(SystemError) {
            let sent = try systemCall("sendfile") { sendfile(socket, descriptor.raw, &offset, part.count) }
            return sent == 0 && !part.isEmpty ? .endOfFile : .bytes(sent)
        } catch {
            return error.isWouldBlock ? .noRoom : .failed(error)
        }
    }
}

/// Sends the front of an answer to a connected stream socket that does not block, to be held back until what follows
/// it fills a segment (send(2), MSG_MORE). Gives how many bytes were taken, which may be none.
public func sendAhead(_ bytes: [UInt8], to socket: Int32) throws(SystemError) -> Int {
    do throws(SystemError) {
        return try systemCall("send") {
            let flags = Int32(MSG_MORE | MSG_NOSIGNAL | MSG_DONTWAIT)
            return bytes.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, flags) }
        }
    } catch {
        guard error.isWouldBlock else { throw error }
        return 0
    }
}
