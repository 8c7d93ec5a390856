/// A name below the root of a tree, as bytes: no component is empty, `.` or `..`, so that it never leads outside. Without
/// components it is the root itself.
struct TreePath: Hashable, Sendable {
    private(set) var components: [[UInt8]]

    /// Longest path, component (limits.h's PATH_MAX and NAME_MAX, in bytes) and deepest nesting.
    static let maximumLength = 4095
    static let maximumComponent = 255
    static let maximumDepth = 256

    static let root = TreePath(components: [])

    private init(components: [[UInt8]]) {
        self.components = components
    }

    /// Why bytes are no such name.
    enum Fault: Error, Hashable {
        case absolute, leavesTheTree, zeroByte, tooLong, tooDeep

        var words: String {
            switch self {
            case .absolute: "its name is absolute"
            case .leavesTheTree: "its name leads out of the tree by '..'"
            case .zeroByte: "its name has a zero byte in it"
            case .tooLong: "its name is longer than \(TreePath.maximumLength) bytes, or a part of it than 255"
            case .tooDeep: "it lies more than \(TreePath.maximumDepth) directories deep"
            }
        }
    }

    /// Takes a name as archives write it: `./etc//hosts`, `etc/`.
    init(_ name: some Swift.Collection<UInt8>) throws(Fault) {
        guard name.first != 0x2F else { throw .absolute }
        guard name.count <= Self.maximumLength else { throw .tooLong }
        guard !name.contains(0) else { throw .zeroByte }
        var components: [[UInt8]] = []
        for part in name.split(separator: 0x2F) where !part.elementsEqual([0x2E]) {
            guard !part.elementsEqual([0x2E, 0x2E]) else { throw .leavesTheTree }
            guard part.count <= Self.maximumComponent else { throw .tooLong }
            components.append(Array(part))
        }
        guard components.count <= Self.maximumDepth else { throw .tooDeep }
        self.components = components
    }

    var isRoot: Bool { components.isEmpty }

    var last: [UInt8]? { components.last }

    /// The directory that it lies in; the root's is the root.
    var parent: TreePath { TreePath(components: Array(components.dropLast())) }

    /// Nil where `name` is no single component.
    func appending(_ name: some Swift.Collection<UInt8>) -> TreePath? {
        guard let more = try? TreePath(name), more.components.count == 1 else { return nil }
        return TreePath(components: components + more.components)
    }

    /// For people: `etc/hosts`, and what cannot be shown as octal digits.
    var text: String { isRoot ? "." : PrintableName.text(Array(components.joined(separator: [0x2F]))) }
}

/// Names out of archives in messages: no control character of theirs reaches a terminal.
enum PrintableName {
    /// At most 200 characters.
    static func text(_ bytes: some Swift.Collection<UInt8>) -> String {
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            guard text.count < 200 else { return text + "…" }
            if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                text += "\\" + String(scalar.value, radix: 8)
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
