import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct CollectionTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("a", state: "")
    }

    private func publish(_ count: Int) throws {
        for number in 1...count { try publish(deterministicBytes(100_000, seed: UInt64(2 * number))) }
    }

    /// And clears up, as a build does.
    private func publish(_ contents: [UInt8]) throws {
        try StoreFixture.publish("a", contents: contents, in: store)
        _ = try output(of: "rm", ["-rf", directory.path + "/build/a"])
    }

    private func generation(_ number: Int) throws -> CapsuleGeneration {
        try #require(CapsuleGeneration(name: name, number: number))
    }

    @Test func whatIsUsedIsNotDeleted() throws {
        try publish(3)
        #expect(throws: StoreError.inUse(try generation(3), by: ["channel a:stable"])) {
            try store.delete(generation(3))
        }
        var users = GenerationUsers()
        users.add("node n001", of: .generation(try generation(2)))
        users.add("node n002", of: .generation(try generation(2)))
        #expect(throws: StoreError.inUse(try generation(2), by: ["node n001", "node n002"])) {
            try store.delete(generation(2), users: users)
        }
        #expect(throws: StoreError.noSuchGeneration(try generation(4), known: [1, 2, 3])) {
            try store.delete(generation(4))
        }
        try store.delete(generation(1), users: users)
        #expect(try store.generations(of: name).map(\.number) == [2, 3])
    }

    /// A node may still have the old one, and takes a generation for immutable.
    @Test func numberOfADeletedGenerationIsNotGivenAgain() throws {
        try publish(2)
        try store.setChannel(stable, to: generation(1))
        try store.delete(generation(2))
        #expect(try store.nextNumber(of: name) == 3)
        try store.removeChannel(stable, of: name)
        try store.delete(generation(1))
        #expect(try store.list().isEmpty)
        #expect(try store.nextNumber(of: name) == 3)
    }

    @Test func bundlesThatNobodyNeedsGo() async throws {
        try publish(3)
        let bundles = try directory.names("bundles")
        #expect(try await store.collect() == Collection())
        try store.delete(generation(1))
        let plan = try await store.collect(dryRun: true)
        #expect(plan.bundles.count == 1 && plan.bytes == 100_000)
        #expect(try directory.names("bundles") == bundles)
        #expect(try await store.collect() == plan)
        #expect(try directory.names("bundles").count == 2)
        #expect(try await store.collect() == Collection())
        for number in 2...3 { #expect(try store.verify(generation(number)).isWhole) }
    }

    /// Two generations that share chunks: a bundle of the first is needed by the second.
    @Test func bundleThatAnotherGenerationSharesStays() async throws {
        let contents = deterministicBytes(3_000_000, seed: 9)
        try publish(contents)
        try publish(contents + deterministicBytes(1_000_000, seed: 10))
        try store.delete(generation(1))
        #expect(try await store.collect().bundles.isEmpty)
        #expect(try store.verify(generation(2)).isWhole)
    }

    @Test func retentionKeepsWhatIsNeeded() async throws {
        try publish(8)
        try store.setChannel(#require(CapsuleName("old")), to: generation(2))
        var users = GenerationUsers()
        users.add("node n001", of: .generation(try generation(4)))
        let collection = try await store.collect(keep: 1, users: users)
        // 8 is stable, 7 what stable would roll back to, 2 a channel, 4 a node's.
        #expect(collection.generations.map(\.number) == [1, 3, 5, 6])
        #expect(try store.generations(of: name).map(\.number) == [2, 4, 7, 8])
        #expect(try directory.names("bundles").count == 4)
        #expect(try store.rollBack(stable, of: name).to == generation(7))
    }

    @Test func openBundleStaysReadable() async throws {
        try publish(2)
        let id = try #require(try store.index(of: generation(1)).bundles.first?.id)
        let whole = try directory.read("bundles/\(id.hex)")
        let file = try OpenFile.reading(store.bundlePath(id))
        try store.delete(generation(1))
        #expect(try await store.collect().bundles == [id])
        var bytes: [UInt8] = []
        while try file.read(1 << 20, into: &bytes) > 0 {}
        #expect(bytes == whole && !whole.isEmpty)
    }

    /// What a generation needs is not known then, and what is not known is not thrown away.
    @Test func unreadableIndexStopsTheCollection() async throws {
        try publish(2)
        _ = try output(of: "sh", ["-c", "echo x > \(directory.path)/capsules/a/generations/1/index"])
        try StoreFixture.publish("b", contents: [1], in: store)
        let before = try directory.names("bundles")
        await #expect(throws: StoreError.self) { try await store.collect() }
        #expect(try directory.names("bundles") == before)
    }

    /// A build that found chunks in a bundle that nothing else needs any more.
    @Test func collectionWaitsForABuildThatSharesChunks() async throws {
        try publish(2)
        let workspace = try StoreFixture.workspace("b", in: store)
        var held: OpenFile? = try store.holdBundles()
        let (publication, newBytes) = try StoreFixture.deposit(
            deterministicBytes(100_000, seed: 2), in: workspace, store)
        #expect(newBytes == 0)
        try store.delete(generation(1))
        let store = store
        let collecting = Task { try await store.collect() }
        try await Task.sleep(for: .milliseconds(200))
        try workspace.publish(publication)
        withExtendedLifetime(held) {}
        held = nil
        #expect(try await collecting.value.bundles.isEmpty)
        #expect(try store.verify(publication.generation).isWhole)
    }

    @Test func deadBuildIsClearedAndARunningOneIsNot() async throws {
        try publish(1)
        try directory.write("build/dead/root.squashfs", "half")
        let running = try BuildWorkspace(store, building: #require(CapsuleName("running")))
        try directory.write("build/running/root.squashfs", "half")
        #expect(try await store.collect(dryRun: true).builds.map(\.text) == ["dead"])
        #expect(directory.exists("build/dead"))
        #expect(try await store.collect().builds.map(\.text) == ["dead"])
        #expect(!directory.exists("build/dead") && directory.exists("build/running/root.squashfs"))
        withExtendedLifetime(running) {}
    }
}
