public import CapsuleFormat

extension CapsuleStore {
    /// Takes a generation away. Its number is not given again. Its chunks stay until `collect`.
    /// - Throws: `.inUse` where a channel points at it or a node uses it; `.noSuchGeneration`, `.system`.
    public func delete(
        _ generation: CapsuleGeneration, users: GenerationUsers = GenerationUsers()
    ) throws(StoreError) {
        try whilePublishing { () throws(StoreError) in
            let generation = try resolve(.generation(generation))
            let channels = try channels(of: generation.name).filter { $0.value == generation }.keys.sorted()
            var reasons = channels.map { "channel \(generation.name):\($0)" }
            reasons += users.of(generation)
            if try served() == .generation(generation) { reasons.append(Self.serverSetting) }
            guard reasons.isEmpty else { throw .inUse(generation, by: reasons) }
            try remove(generation)
        }
    }

    /// What the running server boots nodes with that name no capsule themselves.
    static let serverSetting = "the server's setting 'capsule'"

    /// The number of the next generation: one more than any that ever was, since a node may still have an old one.
    func nextNumber(of name: CapsuleName) throws(StoreError) -> Int {
        max(try generations(of: name).last?.number ?? 0, try highestDeleted(of: name)) + 1
    }

    /// Removes a generation in one step. The caller holds the lock of `whilePublishing`.
    func remove(_ generation: CapsuleGeneration) throws(StoreError) {
        let name = generation.name
        if generation.number > (try highestDeleted(of: name)) {
            try DurableFiles.replace(
                layout.highestDeleted(name), with: Array("\(generation.number)\n".utf8), permissions: 0o644)
        }
        let gone = "\(layout.generations(name))/\(Self.gonePrefix)\(generation.number)"
        try clear(gone)
        try DurableFiles.move(layout.generation(generation), to: gone)
        try clear(gone)
    }

    /// Removes what a deletion that died left behind. The caller holds the lock of `whilePublishing`.
    func clearDeleted() throws(StoreError) {
        for name in try DurableFiles.names(in: layout.capsules).compactMap({ CapsuleName($0) }) {
            let generations = layout.generations(name)
            for entry in try DurableFiles.names(in: generations, hidden: true) where entry.hasPrefix(Self.gonePrefix) {
                try clear("\(generations)/\(entry)")
            }
        }
    }

    /// Hidden, so that no listing takes it for a generation.
    private static let gonePrefix = ".deleted-"

    private func clear(_ directory: String) throws(StoreError) {
        guard DurableFiles.status(directory) != nil else { return }
        for file in try DurableFiles.names(in: directory, hidden: true) {
            try DurableFiles.remove("\(directory)/\(file)")
        }
        try DurableFiles.removeDirectory(directory)
    }

    private func highestDeleted(of name: CapsuleName) throws(StoreError) -> Int {
        let path = layout.highestDeleted(name)
        guard DurableFiles.status(path) != nil else { return 0 }
        let text = String(decoding: try DurableFiles.read(path, limit: 64), as: UTF8.self)
        guard text.hasSuffix("\n"), let generation = CapsuleGeneration("\(name)@\(text.dropLast())") else {
            throw .damaged(path: path, reason: "it holds no generation's number")
        }
        return generation.number
    }
}
