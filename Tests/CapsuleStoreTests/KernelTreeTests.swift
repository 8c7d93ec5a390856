import Foundation
import Testing

@testable import CapsuleStore

@Suite struct KernelTreeTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func add(_ release: String, modules: String, image: String) throws {
        try directory.write("\(modules)/\(release)/modules.dep", "")
        try directory.write(image, "kernel")
    }

    @Test func newestOfSeveralIsTaken() throws {
        for release in ["6.1.0-9-amd64", "6.1.0-10-amd64", "5.10.0-30-amd64"] {
            try add(release, modules: "lib/modules", image: "boot/vmlinuz-\(release)")
        }
        #expect(try KernelTree.find(in: directory.path).release == "6.1.0-10-amd64")
    }

    @Test func imageBesideTheModulesIsFound() throws {
        try add("6.6.1", modules: "usr/lib/modules", image: "usr/lib/modules/6.6.1/vmlinuz")
        let kernel = try KernelTree.find(in: directory.path)
        #expect(kernel.image == "\(directory.path)/usr/lib/modules/6.6.1/vmlinuz")
    }

    @Test func kernelNeedsItsModulesAndTheOtherWayRound() throws {
        try directory.write("boot/vmlinuz-1", "kernel")
        try directory.write("lib/modules/2/modules.dep", "")
        #expect(throws: CapsuleBuildError.self) { try KernelTree.find(in: directory.path) }
    }

    /// A tree must not be able to name the host's files.
    @Test func linksAreNotFollowed() throws {
        try directory.write("outside/modules/1/modules.dep", "")
        try directory.write("outside/vmlinuz", "kernel")
        try directory.write("tree/boot/x", "")
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: directory.path + "/tree/lib", withDestinationPath: directory.path + "/outside")
        try files.createSymbolicLink(
            atPath: directory.path + "/tree/boot/vmlinuz-1", withDestinationPath: directory.path + "/outside/vmlinuz")
        #expect(throws: CapsuleBuildError.self) { try KernelTree.find(in: directory.path + "/tree") }
    }

    @Test func sourceIsReadFromWhatPeopleWrite() {
        #expect(KernelSource(argument: "linux-image-amd64") == .package("linux-image-amd64"))
        #expect(KernelSource(argument: "x.deb") == .debFile("x.deb"))
        #expect(KernelSource(argument: "./unpacked") == .directory("./unpacked"))
    }

    @Test func debFileIsUnpackedAndCompleted() async throws {
        _ = try KernelFixture.write(in: directory, below: "package")
        try FileManager.default.removeItem(
            atPath: directory.path + "/package/lib/modules/\(KernelFixture.release)/modules.dep")
        try directory.write(
            "package/DEBIAN/control",
            "Package: linux-image-test\nVersion: 1\nArchitecture: amd64\nMaintainer: nobody\nDescription: test\n")
        let deb = directory.path + "/linux.deb"
        _ = try output(of: "dpkg-deb", ["-b", directory.path + "/package", deb])
        let store = try CapsuleStore(at: directory.path + "/state")
        let kernel = try await KernelPackage(store).kernel(from: .debFile(deb))
        #expect(kernel.release == KernelFixture.release)
        #expect(DurableFiles.status("\(kernel.modules)/modules.dep") != nil)
        #expect(try directory.names("state/cache/kernels") == ["file-linux", "file-linux.sha256"])
    }

    @Test func aptRecordLeadsToTheKernel() throws {
        let meta = try #require(
            KernelPackage.Record(
                """
                Package: linux-image-cloud-amd64
                Version: 6.1.192-2
                Architecture: amd64
                Depends: foo (>= 1), linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)
                Description: Linux
                 Package: not a field
                """))
        #expect(meta.kernel == "linux-image-6.1.0-56-cloud-amd64")
        #expect(meta.package.fileName == "linux-image-cloud-amd64_6.1.192-2_amd64")
        #expect(KernelPackage.Record("Package: a/../b\nVersion: 1\nArchitecture: amd64\n") == nil)
        #expect(KernelPackage.Record("Package: a\n") == nil)
    }
}
