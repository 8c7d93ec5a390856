import CapsuleFormat
import Testing

@testable import CapsuleStore

@Suite struct ChannelTests: StoreTests {
    let test: TestStore

    init() throws {
        test = try TestStore("a", state: "")
        for number in 1...3 { try StoreFixture.publish("a", contents: [UInt8(number)], in: store) }
    }

    private func generation(_ number: Int) throws -> CapsuleGeneration {
        try #require(CapsuleGeneration(name: name, number: number))
    }

    @Test func rollbackGoesBackAlongTheHistory() throws {
        #expect(try store.rollBack(stable, of: name).to == generation(2))
        #expect(
            try store.rollBack(stable, of: name) == ChannelMove(channel: stable, from: generation(2), to: generation(1))
        )
        #expect(throws: StoreError.nothingBefore(name, channel: stable, current: try generation(1))) {
            try store.rollBack(stable, of: name)
        }
        try store.setChannel(stable, to: generation(3))
        #expect(try store.rollBack(stable, of: name).to == generation(1))
        let causes = try #require(try store.history(of: stable, of: name)).moves.map(\.cause)
        #expect(causes == [.rollback, .promote, .rollback, .rollback, .build, .build, .build])
    }

    @Test func rollbackPassesOverWhatWasDeleted() throws {
        try store.delete(generation(2))
        #expect(try store.rollBack(stable, of: name).to == generation(1))
    }

    @Test func promotionToTheSameGenerationChangesNothing() throws {
        let before = try directory.read("capsules/a/channels/stable")
        #expect(try store.setChannel(stable, to: generation(3)).from == generation(3))
        #expect(try directory.read("capsules/a/channels/stable") == before)
    }

    @Test func channelsThatAreNotThereAreNamed() throws {
        let other = try #require(CapsuleName("other"))
        #expect(throws: StoreError.noSuchChannel(name, channel: other, known: [stable])) {
            try store.rollBack(other, of: name)
        }
        #expect(throws: StoreError.noSuchChannel(name, channel: other, known: [stable])) {
            try store.removeChannel(other, of: name)
        }
        #expect(throws: StoreError.noSuchCapsule(other, known: [name])) { try store.rollBack(stable, of: other) }
        #expect(try store.history(of: other, of: name) == nil)
        try store.removeChannel(stable, of: name)
        #expect(try store.channels(of: name).isEmpty)
        #expect(try store.generations(of: name).count == 3)
    }
}
