public import CapsuleFormat

/// Who runs, boots or is set to what, which the store cannot know: nodes.
public struct GenerationUsers: Hashable, Sendable {
    private var names: [CapsuleReference: [String]] = [:]

    public init() {}

    /// - Parameter user: for people, `node n001`.
    public mutating func add(_ user: String, of reference: CapsuleReference) {
        guard names[reference]?.contains(user) != true else { return }
        names[reference, default: []].append(user)
    }

    func of(_ reference: CapsuleReference) -> [String] { names[reference] ?? [] }

    func of(_ generation: CapsuleGeneration) -> [String] { of(.generation(generation)) }

    /// Those that are used by their number.
    var generations: Set<CapsuleGeneration> {
        Set(
            names.keys.compactMap { reference in
                if case .generation(let generation) = reference { generation } else { nil }
            })
    }
}

extension CapsuleStore {
    /// Remembers what the server boots by default, for those who delete: until the next server starts.
    /// - Throws: `.system`.
    public func setServed(_ reference: CapsuleReference?) throws(StoreError) {
        guard let reference else { return try DurableFiles.remove(layout.served) }
        try DurableFiles.replace(layout.served, with: Array("\(reference)\n".utf8), permissions: 0o644)
    }

    /// What the server that started last boots by default; nil where it names no capsule.
    /// - Throws: `.damaged`, `.system`.
    public func served() throws(StoreError) -> CapsuleReference? {
        guard DurableFiles.status(layout.served) != nil else { return nil }
        let text = String(decoding: try DurableFiles.read(layout.served, limit: 512), as: UTF8.self)
        guard text.hasSuffix("\n"), let reference = CapsuleReference(String(text.dropLast())) else {
            throw .damaged(path: layout.served, reason: "it names no capsule; start the server again")
        }
        return reference
    }
}
