/// The records of a pax extended header (POSIX.1-2001, pax(1)): `LENGTH KEY=VALUE\n`, the length in decimal digits and
/// counting the whole record.
struct PaxRecords: Hashable {
    /// Only those that are looked at, so that nobody fills memory with others.
    private(set) var values: [String: [UInt8]] = [:]
    private(set) var attributes: [TarMember.Attribute] = []
    /// A key that says that the contents are not the file's bytes as they are.
    private(set) var sparseKey: String?

    private static let known: Set<String> = ["path", "linkpath", "size", "uid", "gid", "mtime"]
    private static let attributePrefix = "SCHILY.xattr."

    /// Adds the records of one header to those before it. An empty value takes a record away.
    /// - Throws: a reason.
    mutating func add(_ bytes: [UInt8]) throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...7).contains(digits.count), let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 3, length <= rest.count
            else { throw Fault(words: "an extended header has a record of a wrong length") }
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            let body = record.dropFirst(digits.count)
            guard body.first == 0x20, body.last == 0x0A, let equals = body.firstIndex(of: 0x3D) else {
                throw Fault(words: "an extended header has a record that is not 'LENGTH KEY=VALUE'")
            }
            let key = String(decoding: body[..<equals].dropFirst(), as: UTF8.self)
            set(key, Array(body[body.index(after: equals)...].dropLast()))
        }
    }

    private mutating func set(_ key: String, _ value: [UInt8]) {
        if Self.known.contains(key) {
            values[key] = value.isEmpty ? nil : value
        } else if key.hasPrefix(Self.attributePrefix) {
            let name = String(key.dropFirst(Self.attributePrefix.count))
            attributes.removeAll { $0.name == name }
            attributes.append(TarMember.Attribute(name: name, value: value))
        } else if key.hasPrefix("GNU.sparse.") {
            sparseKey = key
        }
    }

    /// A whole number; the fraction of a time is passed over.
    func number(_ key: String) throws(Fault) -> Int64? {
        guard let value = values[key] else { return nil }
        let digits = value.prefix { $0 != 0x2E }
        guard digits.count <= 19, let number = Int64(String(decoding: digits, as: UTF8.self)) else {
            throw Fault(words: "its extended header has no number as '\(key)'")
        }
        // A negative time with a fraction lies in the second before.
        return number < 0 && value.count > digits.count ? number - 1 : number
    }

    struct Fault: Error, Hashable {
        var words: String
    }
}
