import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

private let imageTools = ["skopeo", "umoci"].allSatisfy { FileManager.default.fileExists(atPath: "/usr/bin/\($0)") }
private let isLong = !ProcessInfo.processInfo.environment["PERSEID_TEST_ALL", default: ""].isEmpty

/// The same input gives the same digests, in two stores that know nothing of each other.
@Suite struct ReproducibleBuildTests {
    private let directory: TemporaryDirectory
    private let name: CapsuleName

    init() throws {
        directory = try TemporaryDirectory()
        name = try #require(CapsuleName("twice"))
        _ = try KernelFixture.write(in: directory)
        try directory.run(
            """
            mkdir -p tree/etc tree/usr/bin tree/var/lib; echo b > tree/etc/b; echo a > tree/etc/a
            head -c 300000 /dev/urandom > tree/usr/bin/tool; chmod 4755 tree/usr/bin/tool
            ln tree/usr/bin/tool tree/usr/bin/same; ln -s usr/bin tree/bin; mkfifo tree/var/lib/pipe
            touch -d 2020-02-03T04:05:06 tree/etc/a
            """)
    }

    private func expectTheSameTwice(_ source: CapsuleSource, kernel: KernelSource?) async throws {
        var streams: [[CapsuleManifest.StreamSummary]] = []
        for state in ["first", "second"] {
            let store = try CapsuleStore(at: "\(directory.path)/\(state)")
            streams.append(
                try await CapsuleBuilder(store: store).build(name, from: source, kernel: kernel).manifest.streams)
        }
        #expect(streams[0] == streams[1])
        #expect(streams[0].map(\.role) == [.kernel, .initramfs, .root, .modules])
    }

    private var kernel: KernelSource { .directory(directory.path + "/kernel") }

    @Test(arguments: ["tar -cf", "tar --xattrs --format=pax -czf"])
    func tarFile(command: String) async throws {
        try directory.run("\(command) root.tar -C tree .")
        try await expectTheSameTwice(.tar(directory.path + "/root.tar"), kernel: kernel)
    }

    @Test(.enabled(if: imageTools)) func image() async throws {
        try directory.run(
            """
            umoci init --layout layout; umoci new --image layout:one; umoci unpack --rootless --image layout:one bundle
            cp -a tree/. bundle/rootfs/; umoci repack --refresh-bundle --image layout:one bundle
            rm bundle/rootfs/etc/b; echo c > bundle/rootfs/etc/c; umoci repack --image layout:one bundle
            """)
        try await expectTheSameTwice(.image(directory.path + "/layout", name: nil), kernel: kernel)
    }

    /// Installs Debian twice: minutes, and the archive.
    @Test(.enabled(if: isLong && geteuid() == 0)) func packageList() async throws {
        try directory.write("min.pkglist", "less\nopenssh-server\nsystemd-sysv\npython3-minimal\n")
        try await expectTheSameTwice(.packageList(directory.path + "/min.pkglist"), kernel: kernel)
    }
}
