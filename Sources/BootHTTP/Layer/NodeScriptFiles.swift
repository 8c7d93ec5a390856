public import CapsuleFormat
public import Foundation

/// The directory of the scripts that nodes run: `STAGE/all/NAME`, `STAGE/capsule/CAPSULE/NAME`, `STAGE/base/BASE/NAME`,
/// `STAGE/group/GROUP/NAME`, `STAGE/node/NODE/NAME`. Of those with one name the nearest counts (`FileScopes`), before all
/// of them what the capsule brings itself under this name; an empty file switches the script off. Nothing of it runs on
/// the server.
///
/// They travel with the node's own files, signed and sealed for one boot attempt, into the place where the capsule's
/// scripts are. Everything is read at each use: an edit counts from the next boot.
public struct NodeScriptFiles: Sendable {
    /// One script as a node gets it, and the file that it is from.
    public struct Found: Sendable {
        public var stage: NodeScript.Stage
        public var name: String
        public var source: String
        public var contents: Data
    }

    private let directory: String
    /// Longest script, in bytes.
    private static let longest = 1 << 20

    public init(directory: String) {
        self.directory = directory
    }

    /// The scripts of one node, in the order in which they run; empty ones too.
    /// - Throws: `NodeFiles.Failure` for a name that is no script's, and for what cannot be read or is too long.
    public func scripts(of values: NodeFiles.Values) throws -> [Found] {
        var found: [Found] = []
        for stage in NodeScript.Stage.allCases {
            var byName: [String: Found] = [:]
            for place in values.places {
                for script in try scripts(stage, "\(directory)/\(stage.rawValue)/\(place)") {
                    byName[script.name] = script
                }
            }
            found += byName.values.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
        }
        return found
    }

    /// The same as files of a node's layer.
    func files(of values: NodeFiles.Values) throws -> [NodeLayer.File] {
        try scripts(of: values).filter { values.purpose.takes($0.stage) }.map { script in
            let path = NodeScript(name: script.name, stage: script.stage, sha256: ContentDigest(hashing: [])).path
            // Root's alone: a script may hold a secret.
            return NodeLayer.File(path: path, mode: 0o700, owner: 0, group: 0, contents: script.contents)
        }
    }

    private func scripts(_ stage: NodeScript.Stage, _ place: String) throws -> [Found] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: place) else { return [] }
        var found: [Found] = []
        // What editors leave behind is no script.
        for name in names where !name.hasPrefix(".") && !name.hasSuffix("~") {
            let path = "\(place)/\(name)"
            guard NodeScript.isName(name) else {
                throw NodeFiles.Failure(path: path, reason: "a script's name is 1 to 64 of a-z, 0-9, - and _")
            }
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            guard attributes?[.type] as? FileAttributeType == .typeRegular else {
                throw NodeFiles.Failure(path: path, reason: "it is no plain file")
            }
            guard ((attributes?[.size] as? NSNumber)?.intValue ?? 0) <= Self.longest else {
                throw NodeFiles.Failure(path: path, reason: "a script has at most \(Self.longest >> 20) MiB")
            }
            guard let contents = FileManager.default.contents(atPath: path) else {
                throw NodeFiles.Failure(path: path, reason: "it is not readable for the server")
            }
            found.append(Found(stage: stage, name: name, source: path, contents: contents))
        }
        return found
    }
}
