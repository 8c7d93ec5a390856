internal import CLinux
internal import Glibc
package import PacketIO

/// A read-only network block device of this machine's kernel, and the socket on which its requests come.
package final class NBDDevice: Sendable {
    package let socket: FileDescriptor
    /// Held open: what the kernel has of it may be no more than this.
    private let kernelsEnd: FileDescriptor

    /// In bytes; the size is a multiple of it.
    private static let blockSize: UInt64 = 512

    /// `/dev/nbd0`
    package static func path(of number: Int) -> String { "/dev/nbd\(number)" }

    /// - Parameter size: in bytes.
    package init(number: Int, size: Int64) throws(SystemError) {
        let path = Self.path(of: number)
        var ends: [Int32] = [-1, -1]
        try systemCall("socketpair", path) {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        socket = FileDescriptor(owning: ends[0])
        kernelsEnd = FileDescriptor(owning: ends[1])
        let blocks = (UInt64(clamping: size) + Self.blockSize - 1) / Self.blockSize
        try systemCall("NBD_CMD_CONNECT", path) {
            perseid_nbd_connect(
                path, Int32(clamping: number), kernelsEnd.raw, blocks * Self.blockSize, Self.blockSize)
        }
    }
}
