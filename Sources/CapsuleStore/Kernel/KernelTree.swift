internal import Foundation

/// A kernel and its module tree on this machine's disk.
struct KernelTree: Hashable, Sendable {
    /// `uname -r`
    let release: String
    /// The kernel's file.
    let image: String
    /// The directory with the modules of `release`.
    let modules: String

    /// The newest kernel under a root or an unpacked package that has both parts.
    ///
    /// Links are not followed, so that a tree cannot hand out the host's own files; `lib` as a link is passed over
    /// because `usr/lib` is looked at anyway.
    /// - Throws: `.noKernel` with the places that were looked at.
    static func find(in root: String) throws(CapsuleBuildError) -> KernelTree {
        var found: [KernelTree] = []
        for base in ["\(root)/usr/lib/modules", "\(root)/lib/modules"] where isOwnDirectory(base, below: root) {
            for release in (try? DurableFiles.names(in: base)) ?? [] {
                let modules = "\(base)/\(release)"
                guard DurableFiles.status(modules)?.kind == .directory else { continue }
                let images = ["\(root)/boot/vmlinuz-\(release)", "\(modules)/vmlinuz"]
                if let image = images.first(where: { DurableFiles.status($0)?.kind == .file }) {
                    found.append(KernelTree(release: release, image: image, modules: modules))
                }
            }
        }
        let newest = found.max { $0.release.compare($1.release, options: .numeric) == .orderedAscending }
        guard let newest else { throw .noKernel(looked: looked(in: root)) }
        return newest
    }

    private static func looked(in root: String) -> [String] {
        ["\(root)/boot/vmlinuz-RELEASE", "\(root)/usr/lib/modules/RELEASE/vmlinuz"].map {
            "\($0) (with its directory in \(root)/usr/lib/modules or \(root)/lib/modules)"
        }
    }

    private static func isOwnDirectory(_ path: String, below root: String) -> Bool {
        var current = path
        while current.count > root.count {
            guard DurableFiles.status(current)?.kind == .directory else { return false }
            current = DurableFiles.parent(of: current)
        }
        return true
    }
}
