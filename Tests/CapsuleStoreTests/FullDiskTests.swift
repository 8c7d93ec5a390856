import CapsuleFormat
import Foundation
import Testing

@testable import CapsuleStore

/// A store on a disk that is too small, by a little and by much. Needs root, to mount one.
@Suite(.enabled(if: geteuid() == 0), .serialized) struct FullDiskTests {
    @Test(arguments: [600, 1500, 3000, 4500, 5500])
    func nothingHalfMadeIsVisible(kibibytes: Int) async throws {
        let directory = try TemporaryDirectory()
        let state = directory.path + "/state"
        try directory.run("mkdir state; mount -t tmpfs -o size=\(kibibytes)k,mode=700 tmpfs state")
        defer { try? directory.run("umount state") }
        let root = try KernelFixture.write(in: directory, below: "source")
        try directory.write("source/data", deterministicBytes(3_000_000, seed: 9))
        let store = try CapsuleStore(at: state)
        let name = try #require(CapsuleName("a"))
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await CapsuleBuilder(store: store).build(name, from: .directory(root))
        }
        #expect(error?.description.isEmpty == false)
        #expect(try store.list().isEmpty)
        #expect(try directory.names("state/bundles").isEmpty)
        #expect(try directory.names("state/build").isEmpty)
        // The same build comes to its end once there is room.
        try directory.run("mount -o remount,size=64m state")
        let built = try await CapsuleBuilder(store: store).build(name, from: .directory(root))
        #expect(built.generation.number == 1)
        #expect(try store.verify(built.generation).isWhole)
    }
}

/// Two builds of one name at once.
@Suite struct TwoBuildsTests {
    @Test func secondBuildIsTurnedAway() async throws {
        let directory = try TemporaryDirectory()
        let store = try CapsuleStore(at: directory.path + "/state")
        let root = try KernelFixture.write(in: directory, below: "source")
        let name = try #require(CapsuleName("a"))
        let running = try BuildWorkspace(store, building: name)
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await CapsuleBuilder(store: store).build(name, from: .directory(root))
        }
        guard case .store(.buildInProgress(name, _)) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        withExtendedLifetime(running) {}
    }
}
