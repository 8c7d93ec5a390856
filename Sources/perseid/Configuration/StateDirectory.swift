import ArgumentParser
import BootHTTP
import CapsuleFormat
import CapsuleStore
import Foundation
import LayoutFiles
import PowerControl
import Registry
import RegistrySQLite

/// Where everything lies that Perseid keeps. Readable by its owner alone: there are keys in it.
struct StateDirectory: Sendable {
    let path: String

    static let standard = "/var/lib/perseid"

    var registryPath: String { Self.registryPath(in: path) }
    var stage1: String { path + "/stage1" }
    var loaders: String { path + "/loaders" }
    /// What running nodes are to do.
    var liveSync: String { path + "/livesync" }
    /// What nodes have of their own: files and templates.
    var nodeFiles: String { path + "/nodefiles" }

    /// What nodes run besides what their capsules bring.
    var nodeScripts: NodeScriptFiles { NodeScriptFiles(directory: path + "/nodescripts") }

    func openNodeFiles() -> NodeFiles { NodeFiles(directory: nodeFiles, scripts: nodeScripts) }

    /// What the disks of installed nodes look like.
    var layouts: String { path + "/layouts" }

    /// Why there is no such capsule now, and what its nodes would do.
    @Sendable func capsuleAbsence(_ text: String) -> String? {
        do {
            guard let reference = CapsuleReference(text) else { return nil }
            _ = try openCapsules().resolve(reference)
            return nil
        } catch {
            return "note: \(error). Until it is there its nodes wait in stage 1"
        }
    }

    /// What a node's disks are to look like, and which file says so.
    @Sendable func layoutInWords(of node: String, groups: [String], capsule: String) throws -> String {
        let (layout, file) = try LayoutLibrary(directory: layouts).layout(of: node, groups: groups, capsule: capsule)
        return "\(file): \(layout.summary)"
    }

    /// What updates of installed nodes leave out.
    var updateExcludes: UpdateExcludeFiles { UpdateExcludeFiles(directory: path + "/updates/exclude") }

    /// Passwords of BMCs.
    var powerSecrets: PowerSecrets { PowerSecrets(directory: path + "/power") }

    /// Opens the state, made if it is not there.
    init(path: String) throws(StateDirectoryError) {
        self.path = path
        for directory in [path, path + "/loaders"] {
            do {
                try FileManager.default.createDirectory(
                    atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw .cannotMake(path: directory, reason: error.localizedDescription)
            }
        }
    }

    static func registryPath(in state: String) -> String { state + "/registry.sqlite" }

    func openRegistry() throws(RegistryError) -> SQLiteStore { try SQLiteStore(path: registryPath) }

    /// For the daemon, which alone has the state: a registry that is damaged is kept aside, so that the next start begins
    /// with an empty one. This one ends: what the first opening has started would keep its privileges.
    func openRegistryAlone() throws -> (store: SQLiteStore, snapshot: Snapshot) {
        let damage: (path: String, reason: String)
        do throws(RegistryError) {
            let store = try openRegistry()
            return (store, try store.load())
        } catch {
            guard case .damaged(let path, let reason) = error else { throw error }
            damage = (path, reason)
        }
        let stamp = Date().ISO8601Format().filter { $0 != ":" && $0 != "-" }
        throw DamagedRegistry(
            kept: try SQLiteStore.keepAside(path: damage.path, stamp: stamp), reason: damage.reason)
    }

    func openCapsules() throws -> CapsuleStore { try CapsuleStore(at: path) }
}

/// A registry that was damaged and is out of the way now.
struct DamagedRegistry: Error, CustomStringConvertible {
    let kept: String
    let reason: String

    var description: String {
        """
        the registry is damaged (\(reason)). It is kept as \(kept), unchanged. Put a copy of it in its place, or what \
        `sqlite3 \(kept) .recover` can read; the next start begins with an empty one, in which no node is known
        """
    }
}

enum StateDirectoryError: Error, CustomStringConvertible {
    case cannotMake(path: String, reason: String)

    var description: String {
        switch self {
        case .cannotMake(let path, let reason):
            "cannot make the state directory \(path): \(reason). Name another with --state or PERSEID_STATE"
        }
    }
}

/// The option that every command has.
struct StateOption: ParsableArguments {
    @Option(help: ArgumentHelp("Directory that holds the registry, capsules and keys.", valueName: "directory"))
    var state: String?

    /// Absolute.
    var path: String {
        let path = state ?? ProcessInfo.processInfo.environment["PERSEID_STATE"] ?? StateDirectory.standard
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    func open() throws -> StateDirectory { try StateDirectory(path: path) }
}
