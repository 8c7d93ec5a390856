public import CapsuleFormat

extension CapsuleStore {
    /// Longest file, in bytes.
    private static var traceLimit: Int { 1 << 20 }

    /// Keeps the order in which a boot of a generation read the chunks of its root, unless there is one already.
    /// - Returns: whether it was kept.
    /// - Throws: `StoreError`, also where there is no such generation.
    public func keepTrace(_ chunks: [Int], of generation: CapsuleGeneration) throws(StoreError) -> Bool {
        guard DurableFiles.status(tracePath(of: generation)) == nil else { return false }
        let index = try index(of: generation, pinnedBy: try manifest(of: generation))
        let count = index.stream(.root)?.chunks.count ?? 0
        var seen = ChunkBitmap(count: count)
        let order = chunks.filter { chunk in
            guard (0..<count).contains(chunk), !seen.contains(chunk) else { return false }
            seen.insert(chunk)
            return true
        }
        let text = "[" + order.map(String.init).joined(separator: ",") + "]"
        try DurableFiles.makeDirectory(traces)
        try DurableFiles.replace(tracePath(of: generation), with: Array(text.utf8), permissions: 0o644)
        return true
    }

    /// A JSON array of numbers; nil where no boot told one.
    /// - Throws: `StoreError`.
    public func trace(of generation: CapsuleGeneration) throws(StoreError) -> [UInt8]? {
        let path = tracePath(of: generation)
        guard DurableFiles.status(path) != nil else { return nil }
        return try DurableFiles.read(path, limit: Self.traceLimit)
    }

    private var traces: String { "\(layout.state)/traces" }
    private func tracePath(of generation: CapsuleGeneration) -> String { "\(traces)/\(generation)" }
}
