/// A `.pkglist`: the packages of a capsule, one a line. `#` begins a comment; a comment line that reads
/// `# suite: NAME` or `# kernel: PACKAGE` says which release of Debian and which kernel. With `# release: VERSION` they
/// are RPM packages, and `# repository: FILE` says where dnf finds them, as often as there are such files.
public struct PackageList: Hashable, Sendable {
    /// A release of Debian or Ubuntu; nil means the one that the host runs.
    public var suite: String?
    /// A release of a distribution of RPM packages, dnf's `$releasever`; nil where they are Debian's.
    public var release: String?
    /// `.repo` files (dnf.conf(5), "Repo Options"), or directories of them; none means the host's own.
    public var repositories: [String] = []
    /// A Debian package; nil where the list names none. A kernel of RPM is one of the packages.
    public var kernel: String?
    public var packages: [String] = []

    /// Of a description that names packages and no list: they are known to be named rightly.
    init(_ description: CapsuleDescription) throws(CapsuleBuildError) {
        try add(description)
    }

    /// Reads a `.pkglist`.
    /// - Throws: `.store` where it cannot be read; `.badPackageList` with the line.
    init(contentsOf file: String) throws(CapsuleBuildError) {
        let bytes: [UInt8]
        do throws(StoreError) { bytes = try DurableFiles.read(file, limit: 1 << 20) } catch { throw .store(error) }
        try self.init(String(decoding: bytes, as: UTF8.self), file: file)
    }

    /// - Parameter file: its name, for errors; where relative names of repositories begin.
    /// - Throws: `.badPackageList` with the line.
    public init(_ text: String, file: String) throws(CapsuleBuildError) {
        var named: [(package: String, line: Int)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let parts = line.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let words = parts.first?.split(whereSeparator: \.isWhitespace) ?? []
            guard words.count <= 1 else {
                throw .badPackageList(file: file, line: index + 1, reason: "one package a line, please")
            }
            if let word = words.first {
                named.append((String(word), index + 1))
            } else if parts.count == 2 {
                try readDirective(parts[1], file: file, line: index + 1)
            }
        }
        try add(named, file: file)
    }

    private mutating func add(_ named: [(package: String, line: Int)], file: String) throws(CapsuleBuildError) {
        let kind = release == nil ? "a Debian" : "an RPM"
        for (package, line) in named {
            guard release == nil ? Self.isPackage(package) : Self.isRPM(package) else {
                throw .badPackageList(file: file, line: line, reason: "'\(package)' is not the name of \(kind) package")
            }
            packages.append(package)
        }
        guard !packages.isEmpty else { throw .badPackageList(file: file, line: 1, reason: "it names no package") }
        try settle { .badPackageList(file: file, line: 1, reason: $0) }
    }

    /// Takes what a `capsule.yaml` says of packages: it adds to the list, or takes its place.
    /// - Throws: `.badSource` where the two do not go together.
    mutating func add(_ description: CapsuleDescription) throws(CapsuleBuildError) {
        suite = description.suite ?? suite
        release = description.release ?? release
        repositories += description.repositories.map(description.resolve)
        packages += description.packages.filter { !packages.contains($0) }
        let place = description.source.map(description.resolve) ?? description.directory
        try settle { .badSource(path: place, reason: $0) }
    }

    /// Once all is said: it is apt's or dnf's, and dnf's has its kernel among the packages.
    private mutating func settle(_ problem: (_ reason: String) -> CapsuleBuildError) throws(CapsuleBuildError) {
        guard suite == nil || release == nil else {
            throw problem("a suite is apt's, a release dnf's: one of them, please")
        }
        guard repositories.isEmpty || release != nil else {
            throw problem(
                "repositories are dnf's, which needs a release: '# release: VERSION' in the package list, or, where"
                    + " there is none, 'release:' in capsule.yaml")
        }
        takeKernelAsPackage()
    }

    /// A kernel of RPM is installed with the rest, and found in the root.
    mutating func takeKernelAsPackage() {
        guard release != nil, let name = kernel else { return }
        if !packages.contains(name) { packages.append(name) }
        kernel = nil
    }

    private mutating func readDirective(_ comment: Substring, file: String, line: Int) throws(CapsuleBuildError) {
        let words = comment.split(whereSeparator: \.isWhitespace)
        guard let key = words.first, ["suite:", "kernel:", "release:", "repository:"].contains(key) else { return }
        let value = words.count == 2 ? String(words[1]) : ""
        let isRight =
            switch key {
            case "release:": Self.isRelease(value)
            case "repository:": !value.isEmpty
            default: Self.isPackageName(value)
            }
        guard isRight else {
            throw .badPackageList(file: file, line: line, reason: "'\(key)' takes one name")
        }
        switch key {
        case "suite:": suite = value
        case "kernel:": kernel = value
        case "release:": release = value
        default: repositories.append(value.hasPrefix("/") ? value : "\(DurableFiles.parent(of: file))/\(value)")
        }
    }

    /// What dnf takes for one package or group, `kernel-core`, `slurm-22.05.8-1.el9`, `@core`: never an option, a file or
    /// a pattern.
    static func isRPM(_ text: String) -> Bool {
        isWord(text.hasPrefix("@") ? text.dropFirst() : text[...], with: "+-._:~^")
    }

    /// `9`, `9.4`, `rawhide`: a part of paths and addresses.
    static func isRelease(_ text: String) -> Bool { isWord(text[...], with: "-._") }

    /// Letters and digits of ASCII, and after the first of them a few others.
    private static func isWord(_ text: Substring, with others: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        func isPlain(_ scalar: Unicode.Scalar) -> Bool {
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        }
        return isPlain(first) && text.unicodeScalars.allSatisfy { isPlain($0) || others.unicodeScalars.contains($0) }
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
