import Testing

@testable import CapsuleStore

@Suite struct ModuleDependenciesTests {
    private let dependencies = ModuleDependencies(
        dep: """
            kernel/drivers/net/virtio_net.ko: kernel/net/failover.ko kernel/drivers/virtio/virtio.ko
            kernel/net/failover.ko:
            kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
            kernel/drivers/virtio/virtio_ring.ko:
            kernel/lib/libcrc32c.ko.xz:
            kernel/arch/x86/crypto/crc32c-intel.ko.xz:
            kernel/sound/snd.ko:

            """,
        softdep: "# comment\nsoftdep libcrc32c pre: crc32c-intel aes post: snd\n")

    @Test func closureFollowsEveryNeed() {
        #expect(
            dependencies.closure(of: ["kernel/drivers/net/virtio_net.ko"]) == [
                "kernel/drivers/net/virtio_net.ko", "kernel/drivers/virtio/virtio.ko",
                "kernel/drivers/virtio/virtio_ring.ko", "kernel/net/failover.ko",
            ])
    }

    @Test func softNeedsCountWhereTheyAreModules() {
        #expect(
            dependencies.closure(of: ["kernel/lib/libcrc32c.ko.xz"]) == [
                "kernel/arch/x86/crypto/crc32c-intel.ko.xz", "kernel/lib/libcrc32c.ko.xz", "kernel/sound/snd.ko",
            ])
    }

    @Test func softNeedMayBeAnAlias() {
        let dependencies = ModuleDependencies(
            dep: "fs/ext4.ko:\ncrypto/crc32c_generic.ko:\ncrypto/crc32c-intel.ko:\nsound/snd.ko:\n",
            softdep: "softdep ext4 pre: crypto-crc32c\n",
            alias: """
                alias crypto-crc32c crc32c_generic
                alias crypto-crc32c crc32c_intel
                alias cpu:type:x86,ven*feature:*0094* snd
                alias crypto-crc32c elsewhere

                """)
        #expect(
            dependencies.closure(of: ["fs/ext4.ko"]) == [
                "crypto/crc32c-intel.ko", "crypto/crc32c_generic.ko", "fs/ext4.ko",
            ])
    }

    @Test func whatIsNotInTheTreeIsLeftOut() {
        #expect(dependencies.closure(of: ["kernel/nowhere.ko"]).isEmpty)
        #expect(ModuleDependencies(dep: "a.ko: b.ko\nno colon\n", softdep: "").closure(of: ["a.ko"]) == ["a.ko"])
    }

    @Test func loopsEnd() {
        let loop = ModuleDependencies(dep: "a.ko: b.ko\nb.ko: a.ko\n", softdep: "")
        #expect(loop.closure(of: ["a.ko"]) == ["a.ko", "b.ko"])
    }

    @Test(arguments: [
        ("kernel/drivers/net/ethernet/intel/e1000/e1000.ko", true), ("kernel/drivers/net/virtio_net.ko", true),
        ("kernel/drivers/net/virtio_net.ko.xz", true), ("kernel/drivers/nvme/host/nvme-core.ko", false),
        ("kernel/drivers/nvme/host/nvme.ko", true), ("kernel/fs/squashfs/squashfs.ko", true),
        ("kernel/sound/core/snd.ko", false), ("kernel/drivers/net/wireless/x.ko", false), ("extra/x.ko", false),
    ])
    func selection(module: String, selected: Bool) {
        #expect(EarlyModules.isSelected(module) == selected)
    }
}
