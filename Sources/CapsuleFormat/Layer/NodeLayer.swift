public import FoundationEssentials

/// Files that make a shared root one node's own: its names, its keys, its secrets. Small, and whole in memory.
public struct NodeLayer: Codable, Hashable, Sendable {
    public struct File: Codable, Hashable, Sendable {
        /// Absolute, as the node sees it: `/etc/hosts`.
        public var path: String
        /// Permission bits, `0o7777` at most.
        public var mode: UInt32
        /// Numbers: names need not mean the same on both sides.
        public var owner: UInt32
        public var group: UInt32
        public var contents: Data

        public init(path: String, mode: UInt32, owner: UInt32, group: UInt32, contents: Data) {
            self.path = path
            self.mode = mode
            self.owner = owner
            self.group = group
            self.contents = contents
        }
    }

    /// Most bytes of all contents together.
    public static let contentLimit = 4 << 20
    /// Most files.
    public static let fileLimit = 1024

    /// By path.
    public private(set) var files: [File] = []

    /// - Throws: `LayerError` where a path is no absolute path of at most 1,024 bytes, twice there, or the whole is too
    ///   large.
    public init(_ files: [File]) throws(LayerError) {
        self.files = files.sorted { $0.path < $1.path }
        try check()
    }

    func check() throws(LayerError) {
        guard files.count <= Self.fileLimit else { throw .tooLarge("\(files.count) files, at most \(Self.fileLimit)") }
        let bytes = files.reduce(0) { $0 + $1.contents.count }
        guard bytes <= Self.contentLimit else { throw .tooLarge("\(bytes) bytes, at most \(Self.contentLimit)") }
        var paths: Set<String> = []
        for file in files {
            guard Self.isSafe(file.path), file.mode <= 0o7777 else { throw .badFile(String(file.path.prefix(200))) }
            guard paths.insert(file.path).inserted else { throw .repeated(file.path) }
        }
    }

    private static func isSafe(_ path: String) -> Bool {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 1024,
            path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { return false }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 255
        }
    }
}

/// Why a node's own files are not taken.
public enum LayerError: Error, Hashable, Sendable, CustomStringConvertible {
    case tooLarge(String)
    case badFile(String)
    case repeated(String)
    case malformed
    /// Signed by a key that is not trusted, or not signed by the one it names.
    case untrusted(KeyID)
    /// Sealed for another key, another attempt or another node.
    case notForUs
    case badKey
    case cannotSeal

    public var description: String {
        switch self {
        case .tooLarge(let what): "the node's files are too large: \(what)"
        case .badFile(let path): "`\(path)` is no path that a node's file may have"
        case .repeated(let path): "\(path) is there twice"
        case .malformed: "the bytes are no sealed files of a node"
        case .untrusted(let key): "the node's files are not signed by a trusted key (\(key))"
        case .notForUs: "the node's files are sealed for another node or another boot attempt"
        case .badKey: "the node's key is no X25519 public key in base64"
        case .cannotSeal: "the node's files cannot be sealed: the system gives no random bytes"
        }
    }
}
