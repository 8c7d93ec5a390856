import CapsuleFormat
import CapsuleStore
import Foundation
import Testing

@testable import perseid

extension Clinic {
    /// Signs a generation's manifest anew, with the server's own key, and another index if one is given.
    func rewrite(
        _ name: String, index: CapsuleIndex? = nil, _ change: (inout CapsuleManifest) -> Void
    ) throws {
        let generation = try #require(CapsuleGeneration(name))
        let key = try SigningKey(
            privateKeyFile: Array(Data(contentsOf: URL(fileURLWithPath: state.path + "/keys/signing.key"))))
        var manifest = try capsules.manifest(of: generation)
        if let index {
            let bytes = index.encoded()
            manifest.index = .init(
                sha256: ContentDigest(hashing: bytes), size: bytes.count, chunks: index.chunks.count)
            try replace(capsules.indexPath(of: generation), with: bytes)
        }
        change(&manifest)
        try replace(capsules.manifestPath(of: generation), with: try SignedManifest.sign(manifest, with: key))
    }

    /// Flips a byte in the middle of each bundle.
    func damageBundles() throws {
        let directory = state.path + "/bundles"
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
            bytes[bytes.count / 2] ^= 1
            try replace("\(directory)/\(name)", with: bytes)
        }
    }

    func removeBundles() throws { try FileManager.default.removeItem(atPath: state.path + "/bundles") }

    /// What the store writes is read-only.
    private func replace(_ path: String, with bytes: [UInt8]) throws {
        try FileManager.default.removeItem(atPath: path)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}
