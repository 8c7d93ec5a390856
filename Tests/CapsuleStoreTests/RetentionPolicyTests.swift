import CapsuleFormat
import Testing

@testable import CapsuleStore

@Suite struct RetentionPolicyTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("a")
        for seed in 1...5 {
            try StoreFixture.publish("a", contents: deterministicBytes(100_000, seed: UInt64(seed)), in: store)
        }
    }

    private func collected(keep: Int? = nil, users: GenerationUsers = GenerationUsers()) async throws -> [Int] {
        try await store.collect(keep: keep, users: users, dryRun: true).generations.map(\.number)
    }

    @Test func policyOfTheCapsuleIsApplied() async throws {
        #expect(try await collected() == [])
        try store.setRetention(RetentionPolicy(keep: 2, days: nil), of: name)
        #expect(try store.retention(of: name) == RetentionPolicy(keep: 2, days: nil))
        #expect(try await collected() == [1, 2, 3])
        #expect(try await collected(keep: 4) == [1])
        // The fixture's generations are of 1970.
        try store.setRetention(RetentionPolicy(keep: 3, days: 10), of: name)
        #expect(try await collected() == [1, 2])
        try store.setRetention(RetentionPolicy(keep: nil, days: 36_500), of: name)
        #expect(try await collected() == [])
        try store.setRetention(nil, of: name)
        #expect(try await collected() == [])
    }

    @Test func whatTheServerAndNodesUseStays() async throws {
        try store.setRetention(RetentionPolicy(keep: 1, days: nil), of: name)
        try store.setServed(.generation(#require(CapsuleGeneration("a@2"))))
        var users = GenerationUsers()
        users.add("node n001", of: .generation(try #require(CapsuleGeneration("a@3"))))
        #expect(try await collected(users: users) == [1])
        let error = #expect(throws: StoreError.self) { try store.delete(#require(CapsuleGeneration("a@2"))) }
        #expect(error?.description.contains("the server's setting 'capsule'") == true)
        try store.setServed(nil)
        try store.delete(#require(CapsuleGeneration("a@2")))
    }

    @Test func channelThatNodesBootFromStays() throws {
        let stable = try #require(CapsuleName("stable"))
        try store.setServed(CapsuleReference("a"))
        #expect(throws: StoreError.channelInUse(name, channel: stable, by: ["the server's setting 'capsule'"])) {
            try store.removeChannel(stable, of: name)
        }
        try store.setServed(nil)
        var users = GenerationUsers()
        users.add("node n001", of: try #require(CapsuleReference("a:stable")))
        #expect(throws: StoreError.channelInUse(name, channel: stable, by: ["node n001"])) {
            try store.removeChannel(stable, of: name, users: users)
        }
        try store.removeChannel(stable, of: name)
    }

    @Test func damagedPolicyStopsTheCollection() async throws {
        try directory.write("state/capsules/a/retention", "{")
        await #expect(throws: StoreError.self) { try await store.collect() }
    }
}
