import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite(.enabled(if: geteuid() == 0)) struct CapsuleWorkbenchTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("test")
        _ = try KernelFixture.write(in: directory, below: "source")
        try directory.write("source/etc/motd", "hello\n")
        try directory.run(
            """
            cp --parents /usr/bin/busybox source/; mkdir -p source/proc source/bin; ln -s /usr/bin/busybox source/bin/sh
            """)
    }

    private func build() async throws -> BuiltCapsule {
        try await CapsuleBuilder(store: store).build(name, from: .directory(directory.path + "/source"))
    }

    private func run(_ bench: CapsuleWorkbench, _ copy: CapsuleWorkbench.Copy, _ script: String) throws {
        let words = bench.command(in: copy, ["/bin/sh", "-c", script])
        try directory.run(words.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " "))
    }

    @Test func cloneHasTheSameStreamsAndTakesNoRoom() async throws {
        let built = try await build()
        let bundles = try directory.names("state/bundles")
        let other = try #require(CapsuleName("other"))
        let copy = try await store.clone(built.generation, as: other, channel: CapsuleName("stable"))
        let manifest = try store.manifest(of: copy)
        #expect(copy.description == "other@1" && manifest.streams == built.manifest.streams)
        #expect(try directory.names("state/bundles") == bundles)
        #expect(try store.verify(copy).isWhole)
        try store.removeChannel(#require(CapsuleName("stable")), of: name)
        try store.delete(built.generation)
        _ = try await store.collect()
        #expect(try store.verify(copy).isWhole)
    }

    @Test func editOfNothingMakesNothing() async throws {
        let built = try await build()
        let bench = CapsuleWorkbench(store: store)
        let copy = try await bench.copy(built.generation)
        try run(bench, copy, "cat /etc/motd; test $$ = 1")
        #expect(try await bench.publish(copy, as: name, options: CapsuleBuildOptions(), progress: { _ in }) == nil)
        try await bench.discard(copy)
        #expect(try directory.names("state/build").isEmpty)
    }

    @Test func editMakesTheNextGeneration() async throws {
        let built = try await build()
        let bench = CapsuleWorkbench(store: store)
        let copy = try await bench.copy(built.generation)
        try run(bench, copy, "echo changed > /etc/motd; mkdir /new")
        let next = try #require(
            try await bench.publish(copy, as: name, options: CapsuleBuildOptions(), progress: { _ in }))
        try await bench.discard(copy)
        #expect(next.generation.number == 2)
        #expect(next.manifest.kernelRelease == KernelFixture.release)
        #expect(next.manifest.stream(.modules) == built.manifest.stream(.modules))
        #expect(next.manifest.stream(.kernel) == built.manifest.stream(.kernel))
        let files = try #require(try await store.difference(from: built.generation, to: next.generation).files)
        #expect(files.added == ["/new"] && files.changed == ["/etc/motd"] && files.removed.isEmpty)
        #expect(try directory.read("source/etc/motd") == Array("hello\n".utf8))
    }
}
