/// A name that takes another away from the layers below (OCI image-spec, layer.md, "Whiteouts").
enum Whiteout: Hashable {
    /// `.wh.NAME`
    case name([UInt8])
    /// `.wh..wh..opq`: everything that the layers below have in this directory.
    case all
    /// Other names with the prefix twice are AUFS's own notes, and mean nothing here.
    case nothing

    static let prefix = Array(".wh.".utf8)

    struct Fault: Error, Hashable {
        let words: String
    }

    /// - Parameter name: begins with `prefix`.
    init(_ name: [UInt8]) throws(Fault) {
        let rest = Array(name.dropFirst(Self.prefix.count))
        if rest == Array(".wh..opq".utf8) {
            self = .all
        } else if rest.starts(with: Self.prefix) {
            self = .nothing
        } else if rest.isEmpty || rest == [0x2E] || rest == [0x2E, 0x2E] {
            throw Fault(words: "it is a whiteout of '\(PrintableName.text(rest))', which is no name in a directory")
        } else {
            self = .name(rest)
        }
    }
}
