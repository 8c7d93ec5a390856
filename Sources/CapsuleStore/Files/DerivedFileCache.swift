internal import CapsuleFormat
internal import Glibc

/// Files that take long to make and that follow from what they are made of: STATE/cache/derived/INPUTS-SHA256.
///
/// The first half of a name is a digest of all that went in, the second that of the file itself. A file is used only
/// if its bytes have the digest that its name says, so that one which was half written, or has rotted, costs a rebuild
/// and nothing else. It may be emptied at any time.
struct DerivedFileCache {
    /// How many files are kept: both images of a kernel for a dozen kernels.
    static let capacity = 24

    private let directory: String

    init(_ store: CapsuleStore) {
        directory = "\(store.layout.cache)/derived"
    }

    /// Gives the file that was made of `inputs` the further name `path`.
    /// - Returns: false where there is none that is whole.
    func take(_ inputs: ContentDigest, as path: String) throws(StoreError) -> Bool {
        for name in try DurableFiles.names(in: directory) where name.hasPrefix(inputs.hex + "-") {
            let entry = "\(directory)/\(name)"
            // Linked first and looked at then: what is verified is what is used, whoever trims the cache meanwhile.
            guard (try? Self.place(entry, at: path)) != nil else { continue }
            let digest = try TreeDigest.ofFile(path)
            if name == "\(inputs.hex)-\(digest.hex)" {
                // The time of the last use: `trim` goes by it.
                utimensat(AT_FDCWD, entry, nil, AT_SYMLINK_NOFOLLOW)
                return true
            }
            try DurableFiles.remove(path)
            try DurableFiles.remove(entry)
        }
        return false
    }

    /// Keeps the file at `path`, which is not changed any more, for the next build with the same inputs.
    func keep(_ path: String, for inputs: ContentDigest) throws(StoreError) {
        try DurableFiles.makeDirectory(directory, permissions: 0o700)
        let entry = "\(directory)/\(inputs.hex)-\(try TreeDigest.ofFile(path).hex)"
        if DurableFiles.status(entry) == nil { try Self.place(path, at: entry) }
        try trim()
    }

    /// Removes what was made of `inputs`.
    func forget(_ inputs: ContentDigest) throws(StoreError) {
        for name in try DurableFiles.names(in: directory) where name.hasPrefix(inputs.hex + "-") {
            try DurableFiles.remove("\(directory)/\(name)")
        }
    }

    /// Removes those that were not used for the longest time.
    private func trim() throws(StoreError) {
        let entries = try DurableFiles.names(in: directory).compactMap { name in
            DurableFiles.status("\(directory)/\(name)").map { (name: name, used: $0.modified) }
        }
        for entry in entries.sorted(by: { $0.used > $1.used }).dropFirst(Self.capacity) {
            try DurableFiles.remove("\(directory)/\(entry.name)")
        }
    }

    /// A second name, or a copy where the two are not on one file system.
    private static func place(_ path: String, at newPath: String) throws(StoreError) {
        if link(path, newPath) == 0 { return }
        guard errno == EXDEV else { throw .lastCall("link to \(newPath)", path) }
        try DurableFiles.copy(path, to: newPath)
    }
}
