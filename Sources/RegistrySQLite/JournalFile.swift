import Glibc
import Registry

/// A file of fixed size whose blocks are all there from the start: writing into it changes no metadata, so that an
/// fdatasync is one write, and a full disk cannot refuse it.
struct JournalFile: ~Copyable {
    let path: String
    private let descriptor: Int32

    /// Opens the file; makes it, filled with zeros and readable by its owner alone, if it is not there.
    init(path: String, size: Int) throws(RegistryError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        do throws(RegistryError) {
            try Self.fill(descriptor, path, to: size)
        } catch {
            _ = close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    private static func fill(_ descriptor: Int32, _ path: String, to size: Int) throws(RegistryError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("open", path) }
        let missing = size - Int(status.st_size)
        guard missing > 0 else { return }
        try write([UInt8](repeating: 0, count: missing), to: descriptor, path, at: Int(status.st_size))
        guard fsync(descriptor) == 0 else { throw failure("make", path) }
    }

    deinit { _ = close(descriptor) }

    /// On stable storage when it returns.
    func store(_ bytes: [UInt8], at offset: Int) throws(RegistryError) {
        try Self.write(bytes, to: descriptor, path, at: offset)
        guard fdatasync(descriptor) == 0 else { throw Self.failure("write", path) }
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
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            }
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
