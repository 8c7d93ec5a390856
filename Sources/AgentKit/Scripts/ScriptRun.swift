internal import CLinux
package import CapsuleFormat
internal import Glibc
package import PacketIO

/// Runs a capsule's node scripts: each is checked against the signed manifest, then started as root with the root's own
/// interpreter, one after the other.
package struct ScriptRun {
    /// How one script ended.
    package struct Outcome: Hashable, Sendable {
        package var milliseconds: Int64
        /// The last lines of standard output and error, blanks at their end taken off.
        package var lastLines: String
    }

    /// What a script gets in its environment: the node's name and the generation.
    package var nodeName: String
    package var capsule: String
    /// And beside these: `NAME=VALUE`.
    package var more: [String]
    /// The root that it runs in; `/` for the one that runs.
    package var root: String
    /// In milliseconds, for one script. Shorter than `Transition.limit` of the state `handoff`, which the scripts of the
    /// stage `ready` run in.
    package var limit: Int64

    /// Longest file, in bytes: four times what a capsule is built with.
    static let maximumSize = 4 << 20

    package static let searchPath = "/usr/sbin:/usr/bin:/sbin:/bin"

    package init(
        nodeName: String, capsule: String, root: String, limit: Int64 = 240_000, environment more: [String] = []
    ) {
        self.nodeName = nodeName
        self.capsule = capsule
        self.more = more
        self.root = root
        self.limit = limit
    }

    /// A stage's scripts, in the order of their names: the capsule's, and over those of the same name the ones that came
    /// with the node's own files. An empty one of these takes the capsule's away.
    package static func scripts(
        of settings: CapsuleSettings?, own layer: NodeLayer? = nil, at stage: NodeScript.Stage
    ) -> [NodeScript] {
        let capsules = (settings?.scripts ?? []).filter { $0.stage == stage }
        var byName = Dictionary(capsules.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for file in layer?.files ?? [] {
            let name = String(file.path.split(separator: "/").last ?? "")
            let script = NodeScript(name: name, stage: stage, sha256: ContentDigest(hashing: Array(file.contents)))
            guard script.path == file.path, NodeScript.isName(name) else { continue }
            byName[name] = file.contents.isEmpty ? nil : script
        }
        return byName.values
            .sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    }

    /// Runs one script to its end. Whatever it left running in its session's first process group is killed.
    package func run(_ script: NodeScript) throws(ScriptProblem) -> Outcome {
        do throws(SystemError) {
            try verify(script)
        } catch {
            throw .unreadable(script, error)
        }
        let start = BootClock.milliseconds()
        let ending: ScriptProcess.Ending
        do throws(SystemError) {
            let process = try ScriptProcess(
                script.path, in: root,
                environment: environment + ["PERSEID_STAGE=\(script.stage.rawValue)"])
            ending = try process.wait(until: start + limit)
        } catch {
            throw .notStarted(script, error)
        }
        switch ending.status {
        case .exited(0):
            return Outcome(milliseconds: BootClock.milliseconds() - start, lastLines: ending.lastLines)
        case .exited(let status): throw .failed(script, "ended with status \(status)", ending.lastLines)
        case .killed(let signal): throw .failed(script, "was killed by signal \(signal)", ending.lastLines)
        case .late: throw .failed(script, "was stopped after \(limit / 1000) s", ending.lastLines)
        }
    }

    /// What every script gets. The first of a name counts (environ(7)).
    var environment: [String] {
        more + [
            "PATH=\(Self.searchPath)", "HOME=/root", "PERSEID_NODE=\(nodeName)", "PERSEID_CAPSULE=\(capsule)",
        ]
    }

    /// Its links are followed within the root.
    private func verify(_ script: NodeScript) throws(SystemError) {
        guard NodeScript.isName(script.name) else {
            throw SystemError(call: "script", code: EINVAL, context: "a name that is none")
        }
        let top = try FileDescriptor.open(root, O_RDONLY | O_DIRECTORY)
        let file = FileDescriptor(
            owning: try systemCall("openat2", script.path) {
                perseid_open_beneath(top.raw, String(script.path.dropFirst()), 0)
            })
        let bytes = try file.readAll(limit: Self.maximumSize)
        guard ContentDigest(hashing: bytes) == script.sha256 else {
            throw SystemError(
                call: "SHA-256", code: EBADMSG, context: "\(script.path) is not what it was signed as")
        }
    }
}

/// Why a node script did not do its part.
package enum ScriptProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(NodeScript, SystemError)
    case notStarted(NodeScript, SystemError)
    /// With the last lines that it wrote.
    case failed(NodeScript, String, String)

    package var description: String {
        switch self {
        case .unreadable(let script, let error): "script \(script.stage.rawValue)/\(script.name) not run: \(error)"
        case .notStarted(let script, let error): "script \(script.stage.rawValue)/\(script.name) did not run: \(error)"
        case .failed(let script, let how, let lines):
            "script \(script.stage.rawValue)/\(script.name) \(how)\(lines.isEmpty ? "" : "; its last lines: \(lines)")"
        }
    }
}
