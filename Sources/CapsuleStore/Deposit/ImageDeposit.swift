public import CapsuleFormat

/// What a build does with an image that is there already: chunks, bundles and their index, as a bench runs it by itself.
public enum ImageDeposit {
    /// Cuts a file into chunks and writes them as bundles, with their index, all on stable storage.
    /// - Parameters:
    ///   - image: any file.
    ///   - directory: is made; must not be there yet.
    /// - Returns: the index, with one stream, the root.
    @discardableResult
    public static func write(_ image: String, to directory: String) throws(StoreError) -> CapsuleIndex {
        try DurableFiles.makeDirectory("\(directory)/bundles")
        var deposit = ChunkDeposit(catalogue: ChunkCatalogue(), directory: "\(directory)/bundles")
        _ = try deposit.add(.root, file: image) { _ in }
        let (index, _) = try deposit.finish()
        try DurableFiles.create("\(directory)/index", index.encoded(), permissions: 0o644)
        try DurableFiles.sync(directory: "\(directory)/bundles")
        try DurableFiles.sync(directory: directory)
        return index
    }
}
