internal import CLinux
internal import Glibc
package import PacketIO

/// A read-only block device over an image file (loop(4)), which frees itself when its last user goes: keep this
/// value until something is mounted from it.
package struct LoopDevice: ~Copyable {
    private let device: FileDescriptor
    /// `/dev/loop0`
    package let path: String

    /// Binds the file to a free loop device.
    package init(over image: String) throws(SystemError) {
        let backing = try FileDescriptor.open(image, O_RDONLY)
        let control = try FileDescriptor.open("/dev/loop-control", O_RDWR)
        var attempts = 0
        while true {
            let number = try systemCall("LOOP_CTL_GET_FREE") { perseid_loop_get_free(control.raw) }
            let path = "/dev/loop\(number)"
            let device = try FileDescriptor.open(path, O_RDONLY)
            do throws(SystemError) {
                try systemCall("LOOP_CONFIGURE", "\(image) as \(path)") {
                    perseid_loop_configure(device.raw, backing.raw, image)
                }
                self.device = device
                self.path = path
                return
            } catch {
                // Somebody else took that device between the two calls.
                attempts += 1
                guard error.code == EBUSY, attempts < 16 else { throw error }
            }
        }
    }
}
