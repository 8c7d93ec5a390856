import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation
import Registry
import RegistrySQLite

/// The argument that says which nodes a command means.
struct NodeSelection: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Which nodes: n001 n[001-100,150] rack1* @gpu state=failed; !n007 leaves one out.",
            valueName: "nodes"),
        completion: .custom { _, _, _ in NodeNames.all() })
    var words: [String] = []
}

/// The names that a shell may complete.
enum NodeNames {
    /// From the registry that PERSEID_STATE or the standard says; none where that cannot be read.
    static func all() -> [String] {
        let path = ProcessInfo.processInfo.environment["PERSEID_STATE"] ?? StateDirectory.standard
        guard FileManager.default.isReadableFile(atPath: path + "/registry.sqlite"),
            let state = try? StateDirectory(path: path), let registry = try? state.openRegistry(),
            let nodes = try? registry.nodes(), let groups = try? registry.groups()
        else { return [] }
        return nodes.map(\.node.name) + groups.map { "@\($0.name)" }
    }
}

/// The capsules that a shell may complete.
enum CapsuleNames {
    /// Of the state that PERSEID_STATE or the standard says.
    static func all() -> [String] {
        let path = ProcessInfo.processInfo.environment["PERSEID_STATE"] ?? StateDirectory.standard
        guard FileManager.default.isReadableFile(atPath: path + "/capsules"),
            let found = try? StateDirectory(path: path).openCapsules().list()
        else { return [] }
        return found.flatMap { listing in
            listing.channels.keys.map { "\(listing.name):\($0)" }.sorted() + listing.generations.map(\.description)
        }
    }
}
