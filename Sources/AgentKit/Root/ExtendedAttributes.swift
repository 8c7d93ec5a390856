internal import CLinux
internal import Glibc
internal import PacketIO

/// The extended attributes (xattr(7)) of one file, or those that one is given.
struct ExtendedAttributes {
    struct Attribute: Hashable {
        /// Without a zero at its end.
        var name: [CChar]
        var value: [UInt8]
    }

    private(set) var values: [Attribute] = []

    /// Of what a path names itself. None where the file system has none.
    init(of path: FilePath) throws(SystemError) {
        try read(
            path.text, list: { perseid_llistxattr(path.bytes, $0, $1) },
            value: { perseid_lgetxattr(path.bytes, $0, $1, $2) })
    }

    /// Of an open file.
    init(of file: borrowing FileDescriptor, at path: @autoclosure () -> String) throws(SystemError) {
        let file = file.raw
        try read(path(), list: { perseid_flistxattr(file, $0, $1) }, value: { perseid_fgetxattr(file, $0, $1, $2) })
    }

    private mutating func read(
        _ path: @autoclosure () -> String, list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        value: ([CChar], UnsafeMutablePointer<UInt8>, Int) -> Int
    ) throws(SystemError) {
        let size = list(nil, 0)
        if size < 0 && errno == EOPNOTSUPP { return }
        guard size != 0 else { return }
        // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h.
        var names = [CChar](repeating: 0, count: 1 << 16)
        let listed = try systemCall("listxattr", path()) { list(&names, names.count) }
        for name in names.prefix(listed).split(separator: 0) {
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = try systemCall("getxattr", path()) { value(Array(name) + [0], &bytes, bytes.count) }
            values.append(Attribute(name: Array(name), value: Array(bytes.prefix(count))))
        }
    }

    /// Gives them to what a path names itself.
    /// - Returns: how many of the class `user` its file system does not keep.
    func write(to path: FilePath) throws(SystemError) -> Int {
        try write(path.text) { perseid_lsetxattr(path.bytes, $0, $1, $1.count) }
    }

    /// Gives them to an open file.
    func write(to file: borrowing FileDescriptor, at path: @autoclosure () -> String) throws(SystemError) -> Int {
        let file = file.raw
        return try write(path()) { perseid_fsetxattr(file, $0, $1, $1.count) }
    }

    private func write(
        _ path: @autoclosure () -> String, set: ([CChar], [UInt8]) -> Int32
    ) throws(SystemError) -> Int {
        var leftOut = 0
        for attribute in values where set(attribute.name + [0], attribute.value) != 0 {
            let code = errno
            guard code == EOPNOTSUPP, attribute.name.starts(with: Array("user.".utf8).map { CChar($0) }) else {
                throw SystemError(call: "setxattr", code: code, context: path())
            }
            leftOut += 1
        }
        return leftOut
    }
}
