import CapsuleFormat
import Foundation
import Synchronization
import Testing

@testable import CapsuleStore

/// Everything that changes the store, killed before each single change that it makes to a file or a name: the store
/// opens, all that is visible is whole, and the same thing done again comes to its end.
@Suite struct KilledProcessTests {
    enum Step: String, CaseIterable, Codable, Sendable {
        case publish, promote, rollback, delete, removeChannel, collect, importFile, rotate, retention, served

        func carryOut(in state: String) async throws {
            let store = try CapsuleStore(at: state)
            let name = try #require(CapsuleName("a"))
            let channel = try #require(CapsuleName("stable"))
            switch self {
            case .publish:
                try StoreFixture.publish("a", contents: deterministicBytes(400_000, seed: 4), in: store)
            case .promote:
                try store.setChannel(channel, to: #require(CapsuleGeneration(name: name, number: 1)))
            case .rollback: try store.rollBack(channel, of: name)
            case .delete: try store.delete(#require(CapsuleGeneration(name: name, number: 1)))
            case .removeChannel: try store.removeChannel(channel, of: name)
            case .collect: _ = try await store.collect(keep: 1)
            case .rotate: _ = try store.rotateSigningKey()
            case .retention: try store.setRetention(RetentionPolicy(keep: 2, days: 1), of: name)
            case .served: try store.setServed(.channel(name, channel: channel))
            case .importFile:
                var options = CapsuleImporter.Options()
                options.trusting = state + "/other.pub"
                options.channel = channel
                _ = try await CapsuleImporter(store: store).importFile(state + "/other.capsule", options: options)
            }
        }
    }

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let store = try CapsuleStore(at: directory.path + "/prepared")
        let contents = deterministicBytes(600_000, seed: 1)
        try StoreFixture.publish("a", contents: contents, in: store)
        try StoreFixture.publish("a", contents: contents + deterministicBytes(100_000, seed: 2), in: store)
        try StoreFixture.publish("a", contents: deterministicBytes(200_000, seed: 7), in: store)
        for name in ["a", "b"] {
            try directory.write("prepared/build/\(name)/bundles/half", "x")
        }
        let other = try CapsuleStore(at: directory.path + "/other")
        let foreign = try StoreFixture.publish("c", contents: contents, in: other).generation
        try other.export(foreign, to: directory.path + "/prepared/other.capsule")
        let key = try #require(try other.publicKeys().first)
        try directory.write("prepared/other.pub", key.file)
    }

    private func copy(_ name: String) throws -> String {
        _ = try output(of: "cp", ["-a", directory.path + "/prepared", "\(directory.path)/\(name)"])
        return "\(directory.path)/\(name)"
    }

    private func countChanges(of step: Step) async throws -> Int {
        let state = try copy("counted")
        let count = Mutex(0)
        let tally: @Sendable (String) -> Void = { _ in count.withLock { $0 += 1 } }
        try await DurableFiles.$beforeChange.withValue(tally) { try await step.carryOut(in: state) }
        return count.withLock { $0 }
    }

    private func expectWhole(_ state: String, _ context: Comment) throws -> CapsuleStore {
        let store = try CapsuleStore(at: state)
        for listing in try store.list() {
            for generation in listing.generations { #expect(try store.verify(generation).isWhole, context) }
            for generation in listing.channels.values { #expect(listing.generations.contains(generation), context) }
        }
        return store
    }

    @Test(arguments: Step.allCases)
    func storeOpensCleanWhereverItIsKilled(step: Step) async throws {
        let changes = try await countChanges(of: step)
        #expect(changes > 0)
        for number in 1...changes {
            let state = try copy("killed-\(number)")
            await #expect(processExitsWith: .signal(SIGKILL), "change \(number) of \(changes)") {
                [state = state as String, step = step as Step, number = number as Int] in
                let count = Mutex(0)
                let kill: @Sendable (String) -> Void = { _ in
                    if count.withLock({
                        $0 += 1
                        return $0
                    }) == number {
                        Glibc.kill(getpid(), SIGKILL)
                    }
                }
                try await DurableFiles.$beforeChange.withValue(kill) { try await step.carryOut(in: state) }
            }
            let context: Comment = "\(step) killed at change \(number) of \(changes)"
            let store = try expectWhole(state, context)
            // What the first one did before it died may be all there was to do.
            do {
                try await step.carryOut(in: state)
            } catch StoreError.noSuchGeneration, StoreError.noSuchChannel, StoreError.nothingBefore {}
            _ = try await store.collect()
            _ = try expectWhole(state, context)
            var used: Set<String> = []
            for generation in try store.list().flatMap(\.generations) {
                used.formUnion(try store.index(of: generation).bundles.map(\.id.hex))
            }
            #expect(Set(try directory.names("killed-\(number)/bundles")) == used, context)
            _ = try output(of: "rm", ["-rf", state])
        }
    }
}
