import BootProtocols
import FuzzHarness

@testable import BootHTTP

// The boot plane's request targets and Range headers: a size, a header line, a target.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let digest = String(repeating: "0a", count: 32)
        return [
            "\u{4}bytes=0-99\n/boot/loaders//snponly.efi", "\u{4}bytes=-5\n/boot/script/52-54-00-12-34-56.ipxe?x=1#y",
            "\u{4}bytes=7-\n/node/v1/bundles/\(digest)", "\u{0}bytes=1-2,4-5\n/node/v1/capsules/a%40%31/manifest",
            "\u{0}Bytes= 1 - 2\n/node/v1/capsules/a/index", "\n/node/v1/check-in", "\n/node/v1/report",
            "\n/boot/%2e%2e/etc/passwd", "\n/boot/boot/./grub/grub.cfg-01-52-54-00-12-34-56",
            "\n/boot/pxelinux.cfg/01-52-54-00-12-34-56", "\n/boot/autoexec.ipxe",
        ].map { Array($0.utf8) }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let parts = bytes.dropFirst().split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let size = Int(bytes.first ?? 0) &<< Int((bytes.first ?? 0) & 7)
        if let header = parts.first { checkRange(String(decoding: header, as: UTF8.self), size) }
        if let target = parts.last { checkRoute(String(decoding: target, as: UTF8.self)) }
    }
}

private func checkRange(_ header: String, _ size: Int) {
    for size in [0, size, .max] {
        guard case .part(let range) = ByteRange.parse(header, size: size) else { continue }
        require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(header) is \(range) of \(size)")
    }
}

/// Nothing in a route leaves its place in the tree, and a segment that no name may have spoils the whole target.
private func checkRoute(_ target: String) {
    switch BootRoute(target: target) {
    case .boot(let name, let path):
        check(path, of: target)
        if case .file(let file) = name { check(file, of: target) }
        _ = name.isProbe
    case .bundle(let id): require(id.utf8.count == 64, "\(target) is the bundle \(id)")
    case .manifest(let capsule), .index(let capsule), .trace(let capsule):
        require(!capsule.isEmpty && !capsule.contains("/"), "\(target) is the capsule \(capsule)")
    case .checkIn, .report, .health, .keepTrace, .layer, .update, .updateChanges: break
    case nil: return
    }
    let path = target.prefix { $0 != "?" && $0 != "#" }
    require(BootRoute(target: String(path) + "/%zz/x") == nil, "a broken escape is passed over")
    require(BootRoute(target: String(path) + "/a%2f/x") == nil, "an escaped slash is passed over")
}

private func check(_ name: String, of target: String) {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let bad: Set<Substring> = [".", ".."]
    require(!parts.contains { bad.contains($0) }, "\(target) is the file \(name)")
    require(name.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x5c }, "\(target) is the file \(name)")
}
