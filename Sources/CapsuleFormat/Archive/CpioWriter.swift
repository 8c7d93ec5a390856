/// Writes a cpio archive in the new ASCII format ("newc", magic 070701; Linux `Documentation/driver-api/early-userspace/
/// buffer-format.rst`), the format of an initramfs.
///
/// The same entries in the same order give the same bytes: one time for all, inode numbers counted from 1, owner root.
/// Directories on the way to an entry are written before it (mode 0755) unless they were added.
public struct CpioWriter: Sendable {
    private var archive: [UInt8] = []
    /// Bytes that somebody took, or writes himself.
    private var taken = 0
    private var directories: Set<String> = []
    private var lastInode: UInt32 = 0
    private let modificationTime: UInt32

    /// - Parameter modificationTime: of every entry, in seconds since 1970.
    public init(modificationTime: UInt32 = 0) {
        self.modificationTime = modificationTime
    }

    /// Bytes so far.
    public var size: Int { taken + archive.count }

    /// Adds a directory; one that is there already is left as it is.
    /// - Parameter path: relative, `etc/perseid`.
    /// - Throws: `CpioError`.
    public mutating func addDirectory(_ path: String, permissions: UInt32 = 0o755) throws(CpioError) {
        guard !directories.contains(path) else { return }
        try add(path, type: 0o040000, permissions: permissions, links: 2, contents: [])
        directories.insert(path)
    }

    /// Adds a regular file.
    /// - Throws: `CpioError`.
    public mutating func addFile(_ path: String, permissions: UInt32 = 0o644, contents: [UInt8]) throws(CpioError) {
        try add(path, type: 0o100000, permissions: permissions, contents: contents)
    }

    /// Adds a regular file whose contents stay out of memory.
    /// - Parameter size: of the contents, in bytes: whoever writes the archive writes them right behind what this
    ///   returns.
    /// - Returns: the archive from where the last such call ended.
    /// - Throws: `CpioError`.
    public mutating func addFile(_ path: String, permissions: UInt32 = 0o644, size: Int) throws(CpioError) -> [UInt8] {
        try addHead(path, type: 0o100000, permissions: permissions, size: size)
        let head = archive
        taken += head.count + size
        archive = []
        pad(to: 4)
        return head
    }

    /// Adds a symbolic link.
    /// - Throws: `CpioError`.
    public mutating func addSymbolicLink(_ path: String, to target: String) throws(CpioError) {
        try add(path, type: 0o120000, permissions: 0o777, contents: Array(target.utf8))
    }

    /// Adds a character device.
    /// - Throws: `CpioError`.
    public mutating func addCharacterDevice(
        _ path: String, permissions: UInt32, major: UInt32, minor: UInt32
    ) throws(CpioError) {
        try add(path, type: 0o020000, permissions: permissions, contents: [], device: (major, minor))
    }

    /// The whole archive, or what of it was not returned yet, with its trailer, padded with zeros to 512 bytes, so that
    /// another archive, compressed or not, may follow directly.
    public consuming func finish() -> [UInt8] {
        appendHeader(inode: 0, mode: 0, links: 1, size: 0, nameSize: UInt32(Self.trailer.utf8.count + 1))
        appendName(Self.trailer)
        pad(to: 512)
        return archive
    }

    private static let trailer = "TRAILER!!!"

    private mutating func add(
        _ path: String, type: UInt32, permissions: UInt32, links: UInt32 = 1, contents: [UInt8],
        device: (UInt32, UInt32) = (0, 0)
    ) throws(CpioError) {
        try addHead(path, type: type, permissions: permissions, links: links, size: contents.count, device: device)
        archive += contents
        pad(to: 4)
    }

    private mutating func addHead(
        _ path: String, type: UInt32, permissions: UInt32, links: UInt32 = 1, size bytes: Int,
        device: (UInt32, UInt32) = (0, 0)
    ) throws(CpioError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, path.utf8.count < 4096, !path.utf8.contains(0),
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), path != Self.trailer
        else { throw .badPath(path) }
        guard let size = UInt32(exactly: bytes) else { throw .tooLarge(path, bytes: bytes) }
        for depth in 1..<parts.count {
            try addDirectory(parts[..<depth].joined(separator: "/"))
        }
        lastInode &+= 1
        appendHeader(
            inode: lastInode, mode: type | (permissions & 0o7777), links: links, size: size,
            nameSize: UInt32(truncatingIfNeeded: path.utf8.count + 1), device: device)
        appendName(path)
    }

    /// 6 bytes of magic and 13 numbers of 8 hexadecimal digits each: 110 bytes.
    private mutating func appendHeader(
        inode: UInt32, mode: UInt32, links: UInt32, size: UInt32, nameSize: UInt32, device: (UInt32, UInt32) = (0, 0)
    ) {
        archive += Array("070701".utf8)
        let fields: [UInt32] = [
            inode, mode, 0, 0, links, modificationTime, size, 0, 0, device.0, device.1, nameSize, 0,
        ]
        for field in fields {
            for shift in stride(from: UInt32(28), through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: (field >> shift) & 15)
                archive.append(digit < 10 ? 0x30 &+ digit : 0x37 &+ digit)
            }
        }
    }

    private mutating func appendName(_ name: String) {
        archive += Array(name.utf8)
        archive.append(0)
        pad(to: 4)
    }

    private mutating func pad(to alignment: Int) {
        let excess = size % alignment
        if excess > 0 { archive += Array(repeating: 0, count: alignment - excess) }
    }
}

/// Why an entry cannot be in an archive.
public enum CpioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Empty, absolute, too long, or with an empty, `.` or `..` component.
    case badPath(String)
    /// 4 GiB and more do not fit the format.
    case tooLarge(String, bytes: Int)

    public var description: String {
        switch self {
        case .badPath(let path): "'\(path)' cannot be a name in a cpio archive"
        case .tooLarge(let path, let bytes): "\(path) has \(bytes) bytes, a cpio archive holds less than 4 GiB a file"
        }
    }
}
