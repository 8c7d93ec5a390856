internal import BootMachine

/// What an update changes on a node, in words.
package struct UpdatePlan {
    package var changes: [TreeDifference.Change]
    /// Directories that stay, as something in them is the node's.
    package var blocked: [String]
    /// The node's own files that are written anew.
    package var own: [String]
    /// Kernel, initramfs and loader that are written anew.
    package var boot: [String]
    /// What an admin's excludes left out, of what either tree has.
    package var excluded: [String]
    /// Of the files that are written, in bytes.
    package var bytes: Int64
    /// What a reboot is due for, and the paths that are the cause.
    package private(set) var reboot: [(reason: String, paths: [String])] = []

    /// - Parameter inUse: files that programs have mapped.
    package init(
        _ difference: TreeDifference, own: [String], boot: [String], excluded: [String], bytes: Int64,
        inUse: Set<String>
    ) {
        changes = difference.changes
        blocked = difference.blocked
        self.own = own
        self.boot = boot
        self.excluded = excluded
        self.bytes = bytes
        for change in changes where change.kind != .added {
            // Who may log in counts at the next login.
            if let reason = SyncRules.reason(for: change.path), reason != "accounts" {
                needsReboot(for: reason, change.path)
            } else if inUse.contains(change.path) {
                needsReboot(for: "in use", change.path)
            }
        }
    }

    package mutating func needsReboot(for reason: String, _ path: String? = nil) {
        let paths = path.map { [$0] } ?? []
        if let place = reboot.firstIndex(where: { $0.reason == reason }) {
            reboot[place].paths += paths
        } else {
            reboot.append((reason, paths))
        }
    }

    package var isEmpty: Bool { changes.isEmpty && own.isEmpty && boot.isEmpty }

    /// `12 changed (/etc/motd, …), 3 added (…), 1 removed (…), 1.2 MB; 1 of the node's own (…); no reboot is due`
    package func summary(done: [TreeDifference.Change]? = nil) -> String {
        let counted = done ?? changes
        var parts: [String] = []
        let kinds = [TreeDifference.Change.Kind.changed, .added, .removed].compactMap { kind -> String? in
            let paths = counted.filter { $0.kind == kind }.map(\.path)
            return paths.isEmpty ? nil : "\(paths.count) \(kind.rawValue) (\(Self.some(paths)))"
        }
        parts.append(
            kinds.isEmpty ? "no file of the image differs" : kinds.joined(separator: ", ") + ", \(megabytes(bytes))")
        if !own.isEmpty { parts.append("\(own.count) of the node's own files (\(Self.some(own)))") }
        if !boot.isEmpty { parts.append("kernel and loader: \(Self.some(boot))") }
        if !excluded.isEmpty { parts.append("\(excluded.count) left out by excludes (\(Self.some(excluded)))") }
        if !blocked.isEmpty { parts.append("not replaced, as something of the node is in them: \(Self.some(blocked))") }
        parts.append(rebootText)
        return parts.joined(separator: "; ")
    }

    private var rebootText: String {
        guard !reboot.isEmpty else { return "no reboot is due" }
        let reasons = reboot.map { reason, paths in
            paths.isEmpty ? reason : "\(reason) (\(Self.some(paths)))"
        }
        return "a reboot is due for \(reasons.joined(separator: ", "))"
    }

    private static func some(_ paths: [String]) -> String {
        paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? ", …" : "")
    }

    /// All of it, a line for each path.
    package var lines: [String] {
        changes.map { change in
            switch change.kind {
            case .added: "+ \(change.path)"
            case .changed: "~ \(change.path)"
            case .removed: "- \(change.path)"
            }
        } + own.map { "o \($0)" } + boot.map { "k \($0)" } + excluded.map { "x \($0)" } + blocked.map { "! \($0)" }
            + reboot.map { "reboot: \($0.reason)" + ($0.paths.isEmpty ? "" : " (\(Self.some($0.paths)))") }
    }
}
