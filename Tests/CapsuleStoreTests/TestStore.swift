import CapsuleFormat
import Testing

@testable import CapsuleStore

/// A store in a temporary directory, and the names that its tests use.
struct TestStore {
    let directory: TemporaryDirectory
    let store: CapsuleStore
    /// Of the capsule.
    let name: CapsuleName
    /// The channel of that name.
    let stable: CapsuleName

    /// - Parameter state: where the store is within the directory; the directory itself if empty.
    init(_ name: String, state: String = "state") throws {
        directory = try TemporaryDirectory()
        store = try CapsuleStore(at: state.isEmpty ? directory.path : "\(directory.path)/\(state)")
        self.name = try #require(CapsuleName(name))
        stable = try #require(CapsuleName("stable"))
    }
}

/// Tests over such a store.
protocol StoreTests {
    var test: TestStore { get }
}

extension StoreTests {
    var directory: TemporaryDirectory { test.directory }
    var store: CapsuleStore { test.store }
    var name: CapsuleName { test.name }
    var stable: CapsuleName { test.stable }
}
