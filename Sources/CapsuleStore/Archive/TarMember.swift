/// One entry of a tar archive.
struct TarMember: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case file
        case directory
        /// The target is any bytes: nobody here follows it.
        case symbolicLink(target: [UInt8])
        /// The target is another entry, named from the archive's root.
        case hardLink(target: TreePath)
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case pipe
    }

    struct Attribute: Hashable, Sendable {
        /// `security.capability`
        var name: String
        var value: [UInt8]
    }

    var path: TreePath
    var kind: Kind
    /// The lower twelve bits of `st_mode`.
    var permissions: UInt32
    var owner: UInt32
    var group: UInt32
    /// Seconds since 1970.
    var modified: Int64
    /// Bytes of contents that follow; 0 of all but files.
    var size: Int64
    var attributes: [Attribute] = []
}
