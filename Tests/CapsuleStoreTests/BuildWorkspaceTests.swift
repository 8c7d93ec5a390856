import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

@Suite struct BuildWorkspaceTests {
    private let directory: TemporaryDirectory
    private let store: CapsuleStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: directory.path)
    }

    @Test func secondBuildOfANameIsRefusedAndOthersAreNot() throws {
        let name = try #require(CapsuleName("a"))
        let first = try BuildWorkspace(store, building: name)
        #expect(throws: StoreError.buildInProgress(name, process: "\(ProcessInfo.processInfo.processIdentifier)")) {
            try BuildWorkspace(store, building: name)
        }
        _ = try BuildWorkspace(store, building: #require(CapsuleName("b")))
        #expect(first.name == name)
    }

    @Test func lockEndsWithTheBuild() throws {
        let name = try #require(CapsuleName("a"))
        do { _ = try BuildWorkspace(store, building: name) }
        _ = try BuildWorkspace(store, building: name)
    }

    /// A build that dies between moving its bundles and publishing.
    @Test func bundlesOfADeadBuildAreWithdrawnByTheNext() async throws {
        try StoreFixture.publish("other", contents: deterministicBytes(300_000, seed: 5), in: store)
        let before = try directory.names("bundles")
        do {
            let dying = try StoreFixture.workspace("a", in: store)
            let (publication, _) = try StoreFixture.deposit(deterministicBytes(500_000, seed: 6), in: dying, store)
            try dying.moveBundles(publication.newBundles)
        }
        #expect(try directory.names("bundles").count == before.count + 1)
        #expect(try store.list().map(\.name.text) == ["other"])
        let next = try BuildWorkspace(store, building: #require(CapsuleName("a")))
        try await next.prepare()
        #expect(try directory.names("bundles") == before)
        #expect(try directory.names("build/a") == ["bundles"])
    }

    /// A build that dies after publishing, before it cleared up: what is published stays.
    @Test func bundlesOfAPublishedGenerationStay() async throws {
        let contents = deterministicBytes(300_000, seed: 5)
        let done = try StoreFixture.publish("a", contents: contents, in: store)
        let before = try directory.names("bundles")
        let next = try BuildWorkspace(store, building: #require(CapsuleName("a")))
        try await next.prepare()
        #expect(try directory.names("bundles") == before)
        #expect(try store.resolve(.generation(done.generation)) == done.generation)
    }
}
