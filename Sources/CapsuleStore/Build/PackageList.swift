/// A `.pkglist`: the Debian packages of a capsule, one a line. `#` begins a comment; a comment line that reads
/// `# suite: NAME` or `# kernel: PACKAGE` says which release and which kernel.
public struct PackageList: Hashable, Sendable {
    /// Nil means the release that the host runs.
    public var suite: String?
    /// Nil where the list names none.
    public var kernel: String?
    public var packages: [String] = []

    /// Packages that are known to be named rightly.
    init(packages: [String], suite: String?) {
        self.packages = packages
        self.suite = suite
    }

    /// - Parameter file: its name, for errors.
    /// - Throws: `.badPackageList` with the line.
    public init(_ text: String, file: String) throws(CapsuleBuildError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let parts = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let words = parts.first?.split(whereSeparator: \.isWhitespace) ?? []
            guard words.count <= 1 else {
                throw .badPackageList(file: file, line: index + 1, reason: "one package a line, please")
            }
            if let word = words.first {
                guard Self.isPackage(String(word)) else {
                    throw .badPackageList(
                        file: file, line: index + 1, reason: "'\(word)' is not the name of a Debian package")
                }
                packages.append(String(word))
            } else if parts.count == 2 {
                try readDirective(parts[1], file: file, line: index + 1)
            }
        }
        guard !packages.isEmpty else { throw .badPackageList(file: file, line: 1, reason: "it names no package") }
    }

    private mutating func readDirective(_ comment: Substring, file: String, line: Int) throws(CapsuleBuildError) {
        let words = comment.split(whereSeparator: \.isWhitespace)
        guard let key = words.first, key == "suite:" || key == "kernel:" else { return }
        guard words.count == 2, Self.isPackageName(String(words[1])) else {
            throw .badPackageList(file: file, line: line, reason: "'\(key)' takes one name")
        }
        if key == "suite:" { suite = String(words[1]) } else { kernel = String(words[1]) }
    }

    /// Debian Policy 5.6.1: at least two of `a-z0-9+.-`, the first a letter or a digit. So no option of a program.
    static func isPackageName(_ text: String) -> Bool {
        guard text.utf8.count >= 2, let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || [0x2B, 0x2D, 0x2E].contains($0) }
    }

    /// A name, or `NAME=VERSION` (Debian Policy 5.6.12).
    static func isPackage(_ text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, isPackageName(String(name)) else { return false }
        guard parts.count == 2 else { return true }
        return !parts[1].isEmpty
            && parts[1].utf8.allSatisfy {
                isLetterOrDigit($0) || (0x41...0x5A).contains($0) || [0x2B, 0x2D, 0x2E, 0x3A, 0x7E].contains($0)
            }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
