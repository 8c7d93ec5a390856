internal import CapsuleFormat
internal import Foundation

/// What apt said that a kernel package's name means, kept for as long as apt would say it again.
///
/// Asking takes seconds, and the answer changes only with apt's package lists and settings: after `apt-get update` a
/// build follows to the newest kernel, before it there is nothing to ask for.
struct KernelNames {
    /// A Debian package with a kernel in it. No field has white space in it.
    struct Package: Hashable {
        var name: String
        var version: String
        var architecture: String

        var fileName: String { "\(name)_\(version)_\(architecture)" }
    }

    /// Where the notes are, one a name.
    let directory: String
    /// What decides apt's answers.
    let apt: [String]

    /// Nil where nothing is known, or apt may know better by now.
    func package(_ name: String) throws(StoreError) -> Package? {
        guard PackageList.isPackageName(name), let bytes = try? DurableFiles.read(path(name), limit: 4096) else {
            return nil
        }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 4, words[0] == (try stamp()).hex else { return nil }
        return Package(name: words[1], version: words[2], architecture: words[3])
    }

    /// - Parameter stamp: from before apt was asked.
    func remember(_ package: Package, for name: String, stamp: ContentDigest) throws(StoreError) {
        try DurableFiles.makeDirectory(directory, permissions: 0o700)
        let text = "\(stamp) \(package.name) \(package.version) \(package.architecture)"
        try DurableFiles.replace(path(name), with: Array(text.utf8), permissions: 0o600)
    }

    /// Names, sizes and times of apt's files.
    func stamp() throws(StoreError) -> ContentDigest {
        var hasher = ContentHasher()
        for root in apt {
            for entry in try DurableFiles.walk(root) {
                guard let status = DurableFiles.status("\(root)/\(entry)"), status.kind != .directory else { continue }
                hasher.update(Array("\(root)/\(entry)\0\(status.size)\0\(status.modified)\0".utf8))
            }
        }
        return hasher.finalize()
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }
}
