import AgentKit
import Testing

@Suite struct ModuleIndexTests {
    static let dep = """
        kernel/drivers/virtio/virtio.ko:
        kernel/drivers/virtio/virtio_ring.ko:
        kernel/net/core/failover.ko:
        kernel/drivers/net/net_failover.ko: kernel/net/core/failover.ko
        kernel/drivers/net/virtio_net.ko: kernel/drivers/net/net_failover.ko kernel/net/core/failover.ko \
        kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
        kernel/crypto/crc32c-intel.ko.xz:
        kernel/fs/btrfs/btrfs.ko.zst:
        kernel/a.ko:
        kernel/b.ko:
        garbage
        : nothing

        """
    static let alias = """
        # Aliases extracted from modules themselves.
        alias virtio:d00000001v* virtio_net
        alias virtio:d0000000*v* a
        alias pci:v00008086d00001234sv*sd*bc*sc*i* a
        alias *:anything b
        alias fs-btrfs btrfs
        alias short
        alias too many words here

        """
    static let softdep = """
        softdep btrfs pre: crc32c-intel
        softdep a pre: b post: virtio
        softdep b pre: a
        softdep broken

        """

    private var index: ModuleIndex {
        ModuleIndex(
            dep: Array(Self.dep.utf8), alias: Array(Self.alias.utf8), builtin: Array("kernel/fs/ext4/ext4.ko\n".utf8),
            softdep: Array(Self.softdep.utf8))
    }

    private func names(_ order: [String]?) -> [String]? {
        order?.map { ModuleName($0).text }
    }

    @Test func loadsDependenciesFirst() {
        #expect(
            names(index.loadOrder(for: ModuleName("virtio-net")))
                == ["virtio_ring", "virtio", "failover", "net_failover", "virtio_net"])
    }

    /// As Debian's kernels say it of ext4, whose checksum none of its own dependencies brings.
    @Test func softDependencyMayBeAnAlias() {
        let index = ModuleIndex(
            dep: Array("ext4.ko: jbd2.ko\njbd2.ko:\ncrc32c_generic.ko:\ncrc32c-intel.ko:\n".utf8),
            alias: Array("alias crypto-crc32c crc32c_intel\nalias crypto-crc32c crc32c_generic\n".utf8),
            softdep: Array("softdep ext4 pre: crypto-crc32c\nsoftdep jbd2 pre: crypto-crc32c\n".utf8))
        #expect(names(index.loadOrder(for: ModuleName("ext4"))) == ["crc32c_intel", "crc32c_generic", "jbd2", "ext4"])
    }

    @Test func honoursSoftDependenciesAndEndsCircles() {
        #expect(names(index.loadOrder(for: ModuleName("btrfs"))) == ["crc32c_intel", "btrfs"])
        #expect(names(index.loadOrder(for: ModuleName("a"))) == ["b", "a", "virtio"])
        #expect(names(index.loadOrder(for: ModuleName("b"))) == ["a", "virtio", "b"])
    }

    @Test func knowsWhatIsBuiltInAndWhatIsNot() {
        #expect(index.loadOrder(for: ModuleName("ext4")) == [])
        #expect(index.isBuiltin(ModuleName("ext4")))
        #expect(index.loadOrder(for: ModuleName("nowhere")) == nil)
        #expect(index.count == 9)
    }

    @Test func findsEveryModuleOfADevice() {
        #expect(index.modules(matching: "virtio:d00000001v00001AF4").map(\.text) == ["virtio_net", "a"])
        #expect(index.modules(matching: "fs-btrfs").map(\.text) == ["btrfs"])
        #expect(index.modules(matching: "usb:anything").map(\.text) == ["b"])
        #expect(index.modules(matching: "pci:v00008086d00009999sv0sd0bc0sc0i0").isEmpty)
    }

    @Test(arguments: [
        ("kernel/drivers/net/virtio-net.ko.xz", "virtio_net"), ("loop", "loop"), ("x/y.ko", "y"), ("a.ko.zst", "a"),
        ("a.ko.gz", "a"), ("", ""), (".ko", ".ko"), ("nvme-core", "nvme_core"),
    ])
    func foldsNames(path: String, name: String) {
        #expect(ModuleName(path).text == name)
    }

    @Test func readsAnyBytes() {
        var generator = SplitMix(state: 3)
        for _ in 0..<300 {
            let noise = (0..<200).map { _ in UInt8.random(in: 9...127, using: &generator) }
            let index = ModuleIndex(dep: noise, alias: noise, builtin: noise, softdep: noise)
            _ = index.modules(matching: String(decoding: noise.prefix(20), as: UTF8.self))
        }
    }
}
