import FoundationEssentials
import FuzzHarness

@testable import CapsuleFormat

// A manifest's JSON on arbitrary bytes, behind a signature that is right.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        guard let manifest = Sample.manifest, let key = Sample.key,
            let envelope = try? SignedManifest.sign(manifest, with: key)
        else { return [] }
        return [Array(envelope.drop { $0 != UInt8(ascii: "{") })]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count, checkSigned)
}

/// Signing costs more than all the rest: only what decodes at all is worth it.
private func checkSigned(_ json: [UInt8]) {
    guard let decoded = try? JSONDecoder().decode(CapsuleManifest.self, from: Data(json)), let key = Sample.key,
        let signature = key.signature(of: Array("perseid capsule manifest 1\u{0}".utf8) + json)
    else { return }
    let header = "PERSEID-MANIFEST 1\nkey \(key.id)\nsignature \(Data(signature).base64EncodedString())\n\n"
    do throws(ManifestError) {
        let manifest = try SignedManifest.verify(
            Array(header.utf8) + json, trusting: Sample.trusted, expecting: nil, now: 1_800_000_000)
        require(manifest == decoded && manifest.keyID == key.id, "it is read as another one")
        require(manifest.generation >= 1 && manifest.index.size >= 0, "\(manifest) is out of range")
        _ = CapsuleGeneration(name: manifest.name, number: manifest.generation)?.description
        checkSignedAgain(manifest, with: key)
    } catch {
        require(!error.description.isEmpty, "an error without words")
        if case .badSignature = error { require(false, "a right signature is refused") }
    }
}

private func checkSignedAgain(_ manifest: CapsuleManifest, with key: SigningKey) {
    // White space and unknown fields may have made room for less.
    guard let envelope = try? SignedManifest.sign(manifest, with: key) else { return }
    let again = try? SignedManifest.verify(envelope, trusting: Sample.trusted, expecting: nil, now: 0)
    require(again == manifest, "\(manifest) reads back as \(String(describing: again))")
}
