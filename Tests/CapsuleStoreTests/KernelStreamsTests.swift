import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct KernelStreamsTests: StoreTests {
    let test: TestStore
    private let kernel: String

    init() throws {
        test = try TestStore("test")
        kernel = try KernelFixture.write(in: test.directory)
        try directory.write("root/etc/hostname", "test\n")
    }

    private func build(refresh: Bool = false) async throws -> BuiltCapsule {
        try await CapsuleBuilder(store: store).build(
            name, from: .directory(directory.path + "/root"), kernel: .directory(kernel),
            options: CapsuleBuildOptions(refresh: refresh))
    }

    private var cached: [String] { get throws { try directory.names("state/cache/derived") } }

    @Test func secondBuildTakesThemFromTheCache() async throws {
        let first = try await build()
        let entries = try cached
        #expect(entries.count == 2)
        for summary in first.manifest.streams where summary.role == .initramfs || summary.role == .modules {
            #expect(entries.contains { $0.hasSuffix("-\(summary.sha256)") })
        }
        // Were they made again, their files would be younger.
        _ = try output(
            of: "touch", ["-d", "2001-01-01"] + entries.map { "\(directory.path)/state/cache/derived/\($0)" })
        #expect(try await build().manifest.streams == first.manifest.streams)
        #expect(try cached == entries)
        #expect(try await build(refresh: true).manifest.streams == first.manifest.streams)
        #expect(try cached == entries)
    }

    @Test func damagedCacheCostsARebuildAndNothingElse() async throws {
        let first = try await build()
        for entry in try cached { try directory.write("state/cache/derived/\(entry)", "half") }
        #expect(try await build().manifest.streams == first.manifest.streams)
        #expect(try cached.count == 2)
    }

    @Test func otherModulesAreOtherStreams() async throws {
        let first = try await build()
        try directory.write("kernel/lib/modules/\(KernelFixture.release)/kernel/sound/core/snd.ko", "changed")
        let second = try await build()
        #expect(second.manifest.stream(.modules) != first.manifest.stream(.modules))
        #expect(try cached.count == 4)
    }

    @Test func mergedUsrHasItsOwnModuleImage() async throws {
        let first = try await build()
        try FileManager.default.createSymbolicLink(
            atPath: directory.path + "/root/lib", withDestinationPath: "usr/lib")
        let second = try await build()
        #expect(second.manifest.stream(.modules) != first.manifest.stream(.modules))
        #expect(second.manifest.stream(.initramfs) == first.manifest.stream(.initramfs))
        #expect(try cached.count == 3)
    }
}
