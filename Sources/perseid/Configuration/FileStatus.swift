import Foundation

/// What stat(2) says of a file, or of the one that a link leads to. By Foundation: the C type of this name comes to this
/// target's files from Glibc or from Dispatch, as the compiler happens to group them.
struct FileStatus {
    /// Without the bits of the type.
    let permissions: UInt32
    let owner: UInt32
    let isRegular: Bool

    /// Nil where there is no such file, or none that may be seen.
    init?(of path: String) {
        let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: real),
            let permissions = Self.number(attributes[.posixPermissions]),
            let owner = Self.number(attributes[.ownerAccountID])
        else { return nil }
        self.permissions = permissions
        self.owner = owner
        isRegular = attributes[.type] as? FileAttributeType == .typeRegular
    }

    /// Foundation's releases differ in the type.
    private static func number(_ value: Any?) -> UInt32? {
        if let number = value as? NSNumber { return number.uint32Value }
        return (value as? any BinaryInteger).flatMap { UInt32(exactly: $0) }
    }
}
