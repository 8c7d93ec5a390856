import PacketIO

/// A strong validator (RFC 9110, 8.8.3): the same tag, the same bytes.
struct EntityTag: Hashable, Sendable {
    /// With its quotes, as it stands in a field.
    let text: String

    /// Of content that its own digest names and that never changes.
    init(digest: String) {
        text = "\"\(digest)\""
    }

    /// Of a file that is replaced by another, never changed in place.
    init(of file: ReadOnlyFile) {
        let (inode, changed, size) = file.identity
        text = "\"\(String(inode, radix: 16))-\(String(changed, radix: 16))-\(String(size, radix: 16))\""
    }

    /// Whether `If-None-Match` names it (RFC 9110, 13.1.2): compared weakly, in a list, or any by `*`.
    func isListed(in field: String?) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { part in
            var part = part[...]
            while part.first == " " || part.first == "\t" { part.removeFirst() }
            while part.last == " " || part.last == "\t" { part.removeLast() }
            return part == "*" || (part.hasPrefix("W/") ? part.dropFirst(2) : part) == text
        }
    }

    /// Whether a range still is one of the same bytes (RFC 9110, 13.1.5): compared strongly. A date never matches, as
    /// none is given.
    func allowsRange(if field: String?) -> Bool {
        field == nil || field == text
    }
}
