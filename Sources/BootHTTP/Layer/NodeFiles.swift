import BootMachine
public import CapsuleFormat
import Foundation
import Mustache

/// The directory of the nodes' own files, which are put over the capsule's. What is below `all` goes to every node, below
/// `capsule/NAME` to those with that capsule, below `base/NAME` to those whose name begins so and goes on with digits,
/// below `group/NAME` to those of that group, below `node/NAME` to that one. The nearer one takes the place of the others
/// of the same path: `FileScopes`.
///
/// A file whose name ends in `.mustache` is a template and loses that ending. Permissions are those that the file has
/// here; `.owners` in any of these places may say more: a line is `MODE OWNER:GROUP PATH`, in octal and in numbers, and
/// it counts for the same path in the nearer places, too. Without: root's. Everything is read at each use: an edit counts
/// from the next boot.
public struct NodeFiles: Sendable {
    /// What a template may name.
    public struct Values: Sendable {
        public var name: String
        public var mac: String
        public var address: String
        public var attempt: Int64
        public var server: String
        public var capsule: String
        /// Those that the node is in, directly or by inheritance, the nearest first.
        public var groups: [String]
        /// The nodes that have a lease, for `/etc/hosts`.
        public var hosts: [(name: String, address: String)]
        /// What the node is about to do: the scripts of that go along.
        public var purpose = Purpose.boot

        public enum Purpose: Hashable, Sendable {
            case boot, install, update

            func takes(_ stage: NodeScript.Stage) -> Bool {
                if stage.isOfInstalls { return self == .install }
                return stage.isOfUpdates ? self == .update : true
            }
        }

        var places: [String] {
            FileScopes(node: name, groups: groups, capsule: capsule).places(everybody: "all").reversed()
        }

        public init(
            name: String, mac: String, address: String, attempt: Int64, server: String, capsule: String,
            groups: [String] = [], hosts: [(name: String, address: String)]
        ) {
            self.name = name
            self.mac = mac
            self.address = address
            self.attempt = attempt
            self.server = server
            self.capsule = capsule
            self.groups = groups
            self.hosts = hosts
        }
    }

    /// A file of the directory that cannot be used.
    public struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String

        public var description: String { "cannot use the node's file \(path): \(reason)" }
    }

    private let directory: String
    private let scripts: NodeScriptFiles?

    /// - Parameter scripts: travel with the files.
    public init(directory: String, scripts: NodeScriptFiles? = nil) {
        self.directory = directory
        self.scripts = scripts
    }

    /// The files of one node; nil where there is no such directory, or nothing in it for this node.
    /// - Throws: `Failure`, `LayerError`.
    public func layer(_ values: Values) throws -> NodeLayer? {
        var files: [String: NodeLayer.File] = [:]
        var owners = Owners()
        for place in values.places {
            try owners.read("\(directory)/\(place)/.owners")
            for file in try tree("\(directory)/\(place)", owners, values) { files[file.path] = file }
        }
        for file in try scripts?.files(of: values) ?? [] { files[file.path] = file }
        return files.isEmpty ? nil : try NodeLayer(Array(files.values))
    }

    private func tree(_ root: String, _ owners: Owners, _ values: Values) throws -> [NodeLayer.File] {
        guard let walk = FileManager.default.enumerator(atPath: root) else { return [] }
        var files: [NodeLayer.File] = []
        while let name = walk.nextObject() as? String {
            guard walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular, name != ".owners" else { continue }
            guard files.count < NodeLayer.fileLimit else {
                throw LayerError.tooLarge("more than \(NodeLayer.fileLimit) files below \(root)")
            }
            files.append(try file(name, in: root, mode: walk.fileAttributes?[.posixPermissions], owners, values))
        }
        return files
    }

    private func file(
        _ name: String, in root: String, mode: Any?, _ owners: Owners, _ values: Values
    ) throws -> NodeLayer.File {
        let path = "\(root)/\(name)"
        guard var contents = FileManager.default.contents(atPath: path) else {
            throw Failure(path: path, reason: "it is not readable for the server")
        }
        var target = "/\(name)"
        if target.hasSuffix(Self.templateEnding) {
            target.removeLast(Self.templateEnding.count)
            contents = try Data(render(contents, values, path).utf8)
        }
        let said = owners.lines[target]
        let found = (mode as? NSNumber)?.uint32Value ?? 0o644
        return NodeLayer.File(
            path: target, mode: said?.mode ?? (found & 0o7777), owner: said?.owner ?? 0, group: said?.group ?? 0,
            contents: contents)
    }

    private static let templateEnding = ".mustache"

    private func render(_ template: Data, _ values: Values, _ path: String) throws -> String {
        do {
            // Text as it is: these are configuration files, no HTML.
            let text = "{{%CONTENT_TYPE:TEXT}}" + String(decoding: template, as: UTF8.self)
            return try MustacheTemplate(string: text).render([
                "name": values.name, "mac": values.mac, "address": values.address,
                "attempt": String(values.attempt), "server": values.server, "capsule": values.capsule,
                "machineID": Self.machineID(values.mac), "groups": values.groups,
                "hosts": values.hosts.map { ["name": $0.name, "address": $0.address] },
            ])
        } catch {
            throw Failure(path: path, reason: "\(error)")
        }
    }

    /// The same at every boot (machine-id(5)): 32 hex digits out of the MAC.
    static func machineID(_ mac: String) -> String {
        String(ContentDigest(hashing: Array("perseid machine-id \(mac)".utf8)).hex.prefix(32))
    }

    /// What the `.owners` files say.
    private struct Owners {
        var lines: [String: (mode: UInt32, owner: UInt32, group: UInt32)] = [:]

        mutating func read(_ path: String) throws {
            guard FileManager.default.fileExists(atPath: path) else { return }
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw Failure(path: path, reason: "it is not readable for the server")
            }
            for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
                if line.hasPrefix("#") || line.allSatisfy(\.isWhitespace) { continue }
                let words = line.split(separator: " ", maxSplits: 2)
                let ids = words.dropFirst().first?.split(separator: ":").compactMap { UInt32($0) } ?? []
                guard words.count == 3, let mode = UInt32(words[0], radix: 8), mode <= 0o7777, ids.count == 2,
                    words[2].hasPrefix("/")
                else { throw Failure(path: path, reason: "`\(line)` is not `MODE OWNER:GROUP /PATH`") }
                lines[String(words[2])] = (mode, ids[0], ids[1])
            }
        }
    }
}
