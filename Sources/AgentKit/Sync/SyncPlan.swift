/// What becomes of each change between two generations on a node that runs.
package struct SyncPlan: Hashable, Sendable {
    /// To be done now, in this order.
    package private(set) var safe: [TreeDifference.Change] = []
    /// Changed on this node since it booted, or its own from the start: left as they are.
    package private(set) var local: [String] = []
    /// What only a reboot brings, and why.
    package private(set) var afterReboot: [(path: String, reason: String)] = []

    /// - Parameters:
    ///   - inUse: files that programs have mapped.
    ///   - isLocal: whether a path is in the layer that takes the node's writes.
    package init(_ changes: [TreeDifference.Change], inUse: Set<String>, isLocal: (String) -> Bool) {
        var kept: Set<String> = []
        for change in changes {
            if let reason = SyncRules.reason(for: change.path) {
                afterReboot.append((change.path, reason))
            } else if inUse.contains(change.path) {
                afterReboot.append((change.path, "in use"))
            } else if isLocal(change.path) {
                local.append(change.path)
                kept.insert(change.path)
            } else {
                safe.append(change)
            }
        }
    }

    /// Something beside the files needs one, too.
    package mutating func needsReboot(for reason: String) {
        afterReboot.append((reason, "kernel"))
    }

    /// Whether the node is wholly at the new generation once the safe changes are done.
    package var isWhole: Bool { afterReboot.isEmpty && local.isEmpty }

    /// `12 files changed, 1 kept as it is here (/etc/motd); a reboot is needed for kernel, in use (3 files)`
    package var summary: String {
        var parts = ["\(safe.count) changes made"]
        if !local.isEmpty { parts.append("\(local.count) left as they are on this node (\(Self.some(local)))") }
        if !afterReboot.isEmpty {
            let reasons = Set(afterReboot.map(\.reason)).sorted().joined(separator: ", ")
            parts.append(
                "a reboot is needed for \(afterReboot.count): \(reasons) (\(Self.some(afterReboot.map(\.path))))")
        }
        return parts.joined(separator: "; ")
    }

    private static func some(_ paths: [String]) -> String {
        paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? ", …" : "")
    }

    package static func == (left: SyncPlan, right: SyncPlan) -> Bool {
        left.safe == right.safe && left.local == right.local
            && left.afterReboot.map(\.path) == right.afterReboot.map(\.path)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(safe)
    }
}
