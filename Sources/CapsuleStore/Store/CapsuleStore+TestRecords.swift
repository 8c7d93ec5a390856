public import CapsuleFormat

extension CapsuleStore {
    /// Keeps what came of booting a generation, signed with the store's key, in the place of an older record.
    /// - Throws: `StoreError`.
    public func keep(_ record: BootTestRecord, of generation: CapsuleGeneration) throws(StoreError) {
        let key = try signingKey()
        let bytes: [UInt8]
        do throws(ManifestError) {
            bytes = try record.signed(with: key)
        } catch {
            throw .manifest(error)
        }
        try DurableFiles.makeDirectory(tests)
        try DurableFiles.replace(recordPath(of: generation), with: bytes, permissions: 0o644)
    }

    /// What came of the last test of a generation; nil where it was never tested, or the record is of another content
    /// of that number.
    /// - Throws: `.damaged` for a record that is not what this store signed.
    public func testRecord(of generation: CapsuleGeneration) throws(StoreError) -> BootTestRecord? {
        let path = recordPath(of: generation)
        guard DurableFiles.status(path) != nil else { return nil }
        let bytes = try DurableFiles.read(path, limit: BootTestRecord.maximumSize)
        let keys = try trustedKeys()
        let record: BootTestRecord
        do throws(ManifestError) {
            record = try BootTestRecord(bytes, trusting: keys)
        } catch {
            throw .damaged(path: path, reason: "\(error)")
        }
        let index = try manifest(of: generation).index.sha256
        return record.generation == generation.description && record.index == index ? record : nil
    }

    private var tests: String { "\(layout.state)/tests" }
    private func recordPath(of generation: CapsuleGeneration) -> String { "\(tests)/\(generation)" }
}
