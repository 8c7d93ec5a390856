public import CapsuleFormat
internal import Foundation

extension CapsuleStore {
    /// How long generations of a capsule stay; nil where nothing was said.
    /// - Throws: `.damaged`, `.system`.
    public func retention(of name: CapsuleName) throws(StoreError) -> RetentionPolicy? {
        let path = layout.retention(name)
        guard DurableFiles.status(path) != nil else { return nil }
        let bytes = try DurableFiles.read(path, limit: 1 << 10)
        guard let policy = try? JSONDecoder().decode(RetentionPolicy.self, from: Data(bytes)) else {
            throw .damaged(path: path, reason: "it is no retention policy; remove it")
        }
        return policy
    }

    /// - Parameter policy: nil takes it away.
    /// - Throws: `.system`.
    public func setRetention(_ policy: RetentionPolicy?, of name: CapsuleName) throws(StoreError) {
        try whilePublishing { () throws(StoreError) in
            guard let policy else { return try DurableFiles.remove(layout.retention(name)) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            guard let bytes = try? encoder.encode(policy) else { return }
            try DurableFiles.makeDirectory(layout.capsule(name))
            try DurableFiles.replace(layout.retention(name), with: Array(bytes), permissions: 0o644)
        }
    }
}
