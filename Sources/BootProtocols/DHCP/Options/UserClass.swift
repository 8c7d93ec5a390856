extension DHCPOptions {
    /// Option 77 (RFC 3004): the classes that the client says it belongs to.
    ///
    /// The RFC counts each class by a length byte; iPXE sends its bare `iPXE`. Bytes that do not count
    /// out exactly are one class. Written in the counted form.
    public var userClasses: [String] {
        get {
            guard let value = self[.userClass], !value.isEmpty else { return [] }
            return Self.countedClasses(value) ?? [String(decoding: value.prefix { $0 != 0 }, as: UTF8.self)]
        }
        set {
            let classes = newValue.filter { (1...255).contains($0.utf8.count) }
            self[.userClass] =
                classes.isEmpty
                ? nil
                : Self.value { writer in
                    for name in classes {
                        writer.write(UInt8(truncatingIfNeeded: name.utf8.count))
                        writer.write(contentsOf: name.utf8)
                    }
                }
        }
    }

    private static func countedClasses(_ value: ArraySlice<UInt8>) -> [String]? {
        var reader = ByteReader(value)
        var classes: [String] = []
        while let length = reader.uint8() {
            guard length > 0, let bytes = reader.slice(Int(length)) else { return nil }
            classes.append(String(decoding: bytes, as: UTF8.self))
        }
        return classes
    }
}
