internal import CLinux
internal import Glibc
internal import Synchronization

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
    /// Whether it is brought into memory by stretches, and not just what is wanted of it.
    private let isInStretches: Bool
    /// Stretches that `readAhead` has dealt with, and that were not found gone since, by number.
    private let broughtIn = Mutex<Set<Int>>([])
    /// Held by the one thread that brings in.
    private let bringing = Mutex<Void>(())

    /// - Parameter inStretches: for files that many want, part for part, and that are opened once for all of them.
    public init(_ descriptor: consuming FileDescriptor, inStretches: Bool = false) throws(SystemError) {
        isInStretches = inStretches
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
    /// What is brought in at once where a file is brought in by stretches, in bytes: about a bundle. The page cache then
    /// has it in pages of up to 2 MiB, and to send those takes less of the processor than pages of 4 KiB: it is whoever
    /// reads a part first, and in what order, that decides which they are.
    public static let stretch = 16 << 20

    private static func stretches(of part: Range<Int>) -> ClosedRange<Int>? {
        guard let last = part.last else { return nil }
        return part.lowerBound / stretch...last / stretch
    }

    /// Whether a part can be sent without waiting for the disk, as far as a few probes tell. False, too, for stretches
    /// that `readAhead` has not dealt with: a probe alone has the kernel read, in small pages.
    public func isResident(_ part: Range<Int>) -> Bool {
        guard isInStretches else { return isInMemory(part) }
        guard let stretches = Self.stretches(of: part) else { return true }
        guard broughtIn.withLock({ stretches.allSatisfy($0.contains) }) else { return false }
        if isInMemory(part) { return true }
        broughtIn.withLock { $0.subtract(stretches) }
        return false
    }

    private func isInMemory(_ part: Range<Int>) -> Bool {
        perseid_is_resident(descriptor.raw, Int64(part.lowerBound), part.count) == 1
    }

    /// Has a part read into the page cache, or the stretches that it lies in. Waits for the disk, and for other threads
    /// that bring in stretches of this file: two at once would get in each other's way, and get small pages.
    /// - Returns: whether it had to.
    /// - Throws: why the part cannot be read.
    public func readAhead(_ part: Range<Int>) throws(SystemError) -> Bool {
        let part = part.clamped(to: 0..<size)
        guard isInStretches else {
            try readThrough(part)
            return true
        }
        guard let stretches = Self.stretches(of: part) else { return false }
        return try bringing.withLock { _ throws(SystemError) -> Bool in
            // Asked again under the lock: another thread may have brought it in meanwhile.
            guard !isResident(part) else { return false }
            var hasRead = false
            for stretch in stretches where try bringIn(stretch, for: part) { hasRead = true }
            return hasRead
        }
    }

    /// - Returns: whether something had to be read, as far as the kernel tells.
    private func bringIn(_ stretch: Int, for part: Range<Int>) throws(SystemError) -> Bool {
        let place = stretch * Self.stretch..<min((stretch + 1) * Self.stretch, size)
        let result = perseid_bring_in(descriptor.raw, Int64(place.lowerBound), place.count)
        // A kernel that cannot be asked so, a file that has been cut short, a disk that is broken somewhere: then what is
        // wanted, and no more.
        if result < 0 { try readThrough(part.clamped(to: place)) }
        _ = broughtIn.withLock { $0.insert(stretch) }
        return result != 0
    }

    /// Reads a part and drops it, up to the end of the file where that has been cut short.
    private func readThrough(_ part: Range<Int>) throws(SystemError) {
        let size = 256 << 10
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = part.lowerBound
        while offset < part.upperBound {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(size, part.upperBound - offset)])
            let got = try read(into: room, at: offset)
            guard got > 0 else { return }
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
