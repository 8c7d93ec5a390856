internal import CapsuleFormat
internal import Glibc
internal import PacketIO

/// The images that an installed machine's files came from, kept beside them where there is room: the next update
/// takes from there what the new ones have in common with them.
enum KeptImages {
    static let directory = "/var/lib/perseid/images"
    /// Kept as long as they take no more than this part of what is free.
    private static let share: Int64 = 8

    /// Takes images over.
    /// - Parameters:
    ///   - source: a directory with `root.image` and, if there is one, `modules.image`.
    ///   - root: of the machine; empty for `/`.
    /// - Returns: whether they are kept; otherwise they are where they were, or gone.
    @discardableResult
    static func keep(_ contents: CapsuleContents, from source: String, in root: String = "") -> Bool {
        let target = root + directory
        let size = [StreamRole.root, .modules].reduce(Int64(0)) { $0 + (contents.manifest.stream($1)?.size ?? 0) }
        remove(in: root)
        do throws(SystemError) {
            try SmallFile.makeDirectory(target, permissions: 0o700)
            guard DiskRoom.free(at: target) / share >= size else { return false }
            for name in ["root.image", "modules.image"] where SmallFile.exists("\(source)/\(name)") {
                try systemCall("rename", name) { rename("\(source)/\(name)", "\(target)/\(name)") }
            }
            try SmallFile.replace("\(target)/manifest", with: contents.head.manifest, permissions: 0o600)
            try SmallFile.replace("\(target)/index", with: contents.head.index, permissions: 0o600)
            return true
        } catch {
            remove(in: root)
            return false
        }
    }

    /// - Returns: whether there were any.
    @discardableResult
    static func remove(in root: String = "") -> Bool {
        var wasThere = false
        // The head first: images without one are nothing to go by.
        for name in ["manifest", "index", "root.image", "modules.image"] {
            if unlink("\(root)\(directory)/\(name)") == 0 { wasThere = true }
        }
        return wasThere
    }

    /// Gives a transfer what they have of it. Each chunk is verified; what cannot be read is fetched.
    static func adopt(into transfer: CapsuleTransfer, trusting keys: TrustedKeys, in root: String = "") {
        let directory = root + directory
        guard let head = CapsuleHead.handedOver(in: directory),
            let old = try? CapsuleContents(kept: head, trusting: keys)
        else { return }
        for role in [StreamRole.root, .modules] {
            guard let stream = ChunkedStream(role, of: old.index) else { continue }
            try? transfer.adopt(from: stream, at: "\(directory)/\(role.rawValue).image")
        }
    }
}
