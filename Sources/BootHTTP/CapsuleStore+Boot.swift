public import BootPolicy
import CapsuleFormat
public import CapsuleStore
import Glibc
import PacketIO

// The store as the boot plane asks it: by the text of URLs and registry entries.

/// A name that no capsule, generation or bundle can have.
struct BadCapsuleName: Error, CustomStringConvertible {
    let text: String

    var description: String { "`\(text.prefix(100))` names no capsule: NAME@GENERATION, NAME:CHANNEL or NAME does" }
}

extension CapsuleStore {
    /// What `reference` means now, with what a plan needs to know of it.
    public func bootable(_ reference: String) throws -> BootableCapsule {
        guard let wanted = CapsuleReference(reference) else { throw BadCapsuleName(text: reference) }
        let generation = try resolve(wanted)
        let manifest = try manifest(of: generation)
        return BootableCapsule(
            reference: generation.description,
            kernelDigest: manifest.streams.first { $0.role == .kernel }?.sha256.hex ?? "",
            kernelRelease: manifest.kernelRelease)
    }

    func openManifest(of generation: String) throws -> FileDescriptor {
        try FileDescriptor.open(manifestPath(of: exact(generation)), O_RDONLY | O_NOFOLLOW)
    }

    func openIndex(of generation: String) throws -> FileDescriptor {
        try FileDescriptor.open(indexPath(of: exact(generation)), O_RDONLY | O_NOFOLLOW)
    }

    /// `id`: 64 hex digits.
    func openBundle(_ id: String) throws -> FileDescriptor {
        guard let digest = ContentDigest(hex: id) else { throw BadCapsuleName(text: id) }
        return try FileDescriptor.open(bundlePath(digest), O_RDONLY | O_NOFOLLOW)
    }

    private func exact(_ text: String) throws -> CapsuleGeneration {
        guard let generation = CapsuleGeneration(text) else { throw BadCapsuleName(text: text) }
        return generation
    }
}
