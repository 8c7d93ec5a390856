/// Which modules a node needs before it has its root: to find its network card, to reach the server, and to mount what
/// it fetched.
///
/// Firmware files are not included: cards that need one to move packets (some bnx2, bnx2x, qlcnic) do not boot yet.
enum EarlyModules {
    /// Places under `lib/modules/RELEASE/kernel`: a directory with all in it where it ends in a slash, else one module.
    static let selection = [
        // Network cards, and the transceivers and switches between them and the wire.
        "drivers/net/ethernet/", "drivers/net/phy/", "drivers/net/mdio/", "drivers/net/pcs/",
        "drivers/net/mii", "drivers/net/mdio",
        // Virtual machines: virtio, Hyper-V, VMware, Xen.
        "drivers/virtio/", "drivers/net/virtio_net", "drivers/block/virtio_blk", "drivers/scsi/virtio_scsi",
        "drivers/char/hw_random/virtio-rng", "drivers/hv/hv_vmbus", "drivers/hv/hv_utils", "drivers/net/hyperv/",
        "drivers/pci/controller/pci-hyperv", "drivers/net/vmxnet3/", "drivers/net/xen-netfront",
        // Networks with more than one card or one network.
        "drivers/net/bonding/", "net/8021q/", "net/packet/",
        // The root: its image in memory under an overlay.
        "fs/squashfs/", "fs/erofs/", "fs/overlayfs/", "drivers/block/loop", "drivers/block/nbd",
        // A disk that keeps chunks.
        "fs/ext4/", "fs/xfs/", "fs/btrfs/",
        // Storage, for that disk, node-local scratch and installs: controllers, arrays, volumes, the ESP's FAT.
        "drivers/nvme/host/nvme", "drivers/ata/ahci", "drivers/ata/libahci", "drivers/ata/ata_piix",
        "drivers/scsi/sd_mod", "drivers/md/md-mod", "drivers/md/linear", "drivers/md/raid0", "drivers/md/raid1",
        "drivers/md/raid10", "drivers/md/raid456", "drivers/md/dm-mod", "fs/fat/", "fs/nls/nls_cp437",
        "fs/nls/nls_ascii", "fs/nls/nls_iso8859-1",
        // What the firmware knows of the machine.
        "fs/efivarfs/", "drivers/firmware/dmi-sysfs", "drivers/firmware/qemu_fw_cfg",
        // The BMC, which knows its address.
        "drivers/char/ipmi/ipmi_si", "drivers/char/ipmi/ipmi_devintf",
    ]

    /// The modules of the selection and all that they need, as `modules.dep` names them, sorted.
    static func choose(from dependencies: ModuleDependencies) -> [String] {
        dependencies.closure(of: dependencies.modules.filter(isSelected))
    }

    static func isSelected(_ module: String) -> Bool {
        guard module.hasPrefix("kernel/") else { return false }
        let place = module.dropFirst("kernel/".count)
        return selection.contains { pattern in
            pattern.hasSuffix("/")
                ? place.hasPrefix(pattern)
                : place.hasPrefix(pattern + ".ko") && !place.dropFirst(pattern.count).contains("/")
        }
    }
}
