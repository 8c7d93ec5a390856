import ArgumentParser
import BootHTTP
import CapsuleStore
import Foundation
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

    /// For the daemon, which alone has the state: a registry that is damaged is kept aside, and an empty one begun.
    /// - Returns: what is to be said of that, if it was so.
    func openRegistryAnyway() throws(RegistryError) -> (store: SQLiteStore, snapshot: Snapshot, warning: String?) {
        let damage: (path: String, reason: String)
        do throws(RegistryError) {
            let store = try openRegistry()
            return (store, try store.load(), nil)
        } catch {
            guard case .damaged(let path, let reason) = error else { throw error }
            damage = (path, reason)
        }
        let stamp = Date().ISO8601Format().filter { $0 != ":" && $0 != "-" }
        let kept = try SQLiteStore.keepAside(path: damage.path, stamp: stamp)
        let store = try openRegistry()
        let warning = """
            the registry was damaged (\(damage.reason)). It is kept as \(kept), and an empty one was begun: no node is \
            known now. Stop the server and put a copy in its place, or what `sqlite3 \(kept) .recover` can read
            """
        return (store, try store.load(), warning)
    }

    func openCapsules() throws -> CapsuleStore { try CapsuleStore(at: path) }
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
