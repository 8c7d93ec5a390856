import CapsuleFormat
import FuzzHarness

@testable import CapsuleStore

// The JSON documents of container images on arbitrary bytes: read, or refused with words.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let digest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)
        let descriptor = #"{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(digest)","size":12}"#
        return [
            #"{"imageLayoutVersion":"1.0.0"}"#,
            #"{"schemaVersion":2,"manifests":[\#(descriptor)]}"#,
            #"{"schemaVersion":2,"config":\#(descriptor),"layers":[\#(descriptor)]}"#,
            #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["\#(digest)"]}}"#,
            #"[{"Config":"c.json","RepoTags":["a:b"],"Layers":["l/layer.tar"]}]"#,
        ].map { Array($0.utf8) }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        _ = read(ImageDocument.Layout.self, bytes)
        for descriptor in read(ImageDocument.Index.self, bytes)?.manifests ?? [] { check(descriptor) }
        if let manifest = read(ImageDocument.Manifest.self, bytes) {
            for descriptor in manifest.layers + [manifest.config] { check(descriptor) }
        }
        for id in read(ImageDocument.Configuration.self, bytes)?.rootfs.diffIDs ?? [] {
            _ = try? ImageDocument.digest(id, in: "c")
        }
        _ = read([ImageDocument.Saved].self, bytes)
    }
}

private func read<Document: Decodable>(_ document: Document.Type, _ bytes: [UInt8]) -> Document? {
    do throws(ImageError) {
        return try ImageDocument.read(document, bytes, at: "document")
    } catch {
        require(!error.description.isEmpty, "an error without words")
        return nil
    }
}

private func check(_ descriptor: ImageDocument.Descriptor) {
    guard let pinned = try? descriptor.pinned(in: "document") else { return }
    require(pinned.size >= 0, "a negative size")
    require(descriptor.digest == "sha256:" + pinned.digest.hex, "\(descriptor.digest) reads as another digest")
}
