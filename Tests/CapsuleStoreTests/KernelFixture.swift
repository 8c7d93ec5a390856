import Foundation

/// A directory that looks like an unpacked kernel package, with files in place of modules.
enum KernelFixture {
    static let release = "6.1.0-1-test"

    static func write(in directory: TemporaryDirectory, below root: String = "kernel") throws -> String {
        let modules = "\(root)/lib/modules/\(release)"
        try directory.write("\(root)/boot/vmlinuz-\(release)", deterministicBytes(100_000, seed: 77))
        for module in [
            "fs/squashfs/squashfs.ko", "fs/overlayfs/overlay.ko", "drivers/net/virtio_net.ko",
            "net/core/failover.ko", "sound/core/snd.ko",
        ] {
            try directory.write("\(modules)/kernel/\(module)", "module \(module)")
        }
        try directory.write(
            "\(modules)/modules.dep",
            """
            kernel/fs/squashfs/squashfs.ko:
            kernel/fs/overlayfs/overlay.ko:
            kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko
            kernel/net/core/failover.ko:
            kernel/sound/core/snd.ko:

            """)
        for table in ["modules.order", "modules.builtin", "modules.builtin.modinfo"] {
            try directory.write("\(modules)/\(table)", "")
        }
        return "\(directory.path)/\(root)"
    }
}
