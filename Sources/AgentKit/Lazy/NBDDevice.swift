internal import CLinux
internal import Glibc
package import PacketIO

/// A read-only network block device of this machine's kernel, and the socket on which its requests come.
package final class NBDDevice: Sendable {
    /// `/dev/nbd0`
    package let path: String
    package let socket: FileDescriptor
    private let device: FileDescriptor
    private let kernelsEnd: FileDescriptor

    /// Of the unit in which the size is told, in bytes.
    private static let blockSize: Int64 = 512

    /// - Parameter size: in bytes.
    package init(number: Int, size: Int64) throws(SystemError) {
        path = "/dev/nbd\(number)"
        var ends: [Int32] = [-1, -1]
        try systemCall("socketpair", path) {
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        socket = FileDescriptor(owning: ends[0])
        kernelsEnd = FileDescriptor(owning: ends[1])
        device = try FileDescriptor.open(path, O_RDWR)
        let blocks = (size + Self.blockSize - 1) / Self.blockSize
        try systemCall("NBD_SET_SOCK", path) {
            perseid_nbd_configure(device.raw, kernelsEnd.raw, UInt(clamping: blocks), UInt(Self.blockSize))
        }
    }

    /// Has the kernel send requests. Returns when the device is gone.
    package func carry() throws(SystemError) {
        try systemCall("NBD_DO_IT", path) { perseid_nbd_carry(device.raw) }
    }
}
