import BootMachine
public import DiskLayout
import Foundation

/// The layouts of a server, in files by whom they are for: the nearest one counts.
///
/// ```
/// layouts/node/n001.yaml      one node
/// layouts/group/gpu.xml       the nodes of a group, the first of a node's groups that has one
/// layouts/base/n.yaml         nodes whose name begins so and goes on with digits: n001
/// layouts/capsule/compute.yaml  whatever gets this capsule
/// layouts/default.yaml        all others
/// ```
///
/// Read at each use: an edit counts from the next install.
public struct LayoutLibrary: Sendable {
    private let directory: String

    public init(directory: String) {
        self.directory = directory
    }

    /// There is none for a node.
    public struct Missing: Error, CustomStringConvertible {
        let node: String
        let looked: [String]

        public var description: String {
            "there is no disk layout for \(node); looked for \(looked.joined(separator: ", ")), each with .yaml, .xml or"
                + " .disk. `perseid layout capture` writes one of a running machine"
        }
    }

    /// The layout of a node, and the file that it is from.
    /// - Parameters:
    ///   - groups: those that the node is in, the nearest first, without `all`.
    ///   - capsule: `compute@12` or `compute`.
    /// - Throws: `Missing`, `LayoutFileError`.
    public func layout(
        of node: String, groups: [String], capsule: String
    ) throws -> (layout: DiskLayout, file: String) {
        let places = FileScopes(node: node, groups: groups, capsule: capsule).places(everybody: "default")
        for place in places {
            for ending in ["yaml", "yml", "xml", "disk"] {
                let path = "\(directory)/\(place).\(ending)"
                guard FileManager.default.fileExists(atPath: path) else { continue }
                return (try Self.read(path), path)
            }
        }
        throw Missing(node: node, looked: places.map { "\(directory)/\($0)" })
    }

    /// Reads one file.
    /// - Parameter form: nil: as its name or its beginning says.
    /// - Throws: `LayoutFileError`.
    public static func read(_ path: String, as form: LayoutForm? = nil) throws(LayoutFileError) -> DiskLayout {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unreadable(file: path, reason: "no such file, or not readable")
        }
        guard data.count <= 1 << 20, let text = String(data: data, encoding: .utf8) else {
            throw .unreadable(file: path, reason: "it is larger than 1 MiB, or no UTF-8")
        }
        let form = form ?? LayoutForm(fileName: path) ?? LayoutForm(sniffing: text)
        return try DiskLayout(reading: text, as: form, file: path)
    }
}
