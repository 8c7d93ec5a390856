/// A module's name as the kernel has it: `virtio_net` for `kernel/drivers/net/virtio-net.ko.xz`.
package struct ModuleName: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    package var description: String { text }

    /// From a name or a path: the directory and what begins with `.ko` go, `-` becomes `_`.
    package init(_ pathOrName: some StringProtocol) {
        var base = Array(pathOrName.utf8)
        if let slash = base.lastIndex(of: UInt8(ascii: "/")) { base.removeFirst(slash + 1) }
        for suffix in [".ko", ".ko.xz", ".ko.zst", ".ko.gz"] where base.ends(with: suffix) {
            base.removeLast(suffix.utf8.count)
            break
        }
        text = String(decoding: base.map(Self.folded), as: UTF8.self)
    }

    /// `-` and `_` are the same to modprobe.
    static func folded(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: String) -> Bool {
        count > suffix.utf8.count && self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
    }
}
