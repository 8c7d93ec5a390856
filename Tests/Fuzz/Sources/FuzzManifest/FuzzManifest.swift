import FuzzHarness

@testable import CapsuleFormat

// A manifest's envelope and a public key file on arbitrary bytes.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        guard let manifest = Sample.manifest, let key = Sample.key,
            let envelope = try? SignedManifest.sign(manifest, with: key)
        else { return [] }
        return [envelope, key.publicKeyFile]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var keys = TrustedKeys()
        _ = try? keys.add(publicKeyFile: bytes)
        checkEnvelope(bytes)
    }
}

private func checkEnvelope(_ bytes: [UInt8]) {
    do throws(ManifestError) {
        let manifest = try SignedManifest.verify(bytes, trusting: Sample.trusted, expecting: nil, now: 0)
        // No one else has the key.
        require(manifest == Sample.manifest, "a manifest verifies that nobody signed")
    } catch {
        require(!error.description.isEmpty, "an error without words")
    }
}
