import BootHTTP
import BootMachine
import CapsuleFormat
import CapsuleStore
import Registry

/// Which generation each node is to have.
struct UpdateChoice {
    let to: String?
    let server: NodeSettings
    let groups: GroupTree
    let capsules: CapsuleStore
    let excludes: UpdateExcludeFiles

    /// - Throws: why this node cannot be updated, and what to do.
    func generation(for record: NodeRecord) throws(UpdateRefusal) -> CapsuleGeneration {
        let name = record.node.name
        guard let install = record.install, install.achieved > 0 else {
            throw UpdateRefusal("it runs from memory: `perseid capsule livesync` is for it")
        }
        guard !install.isDue else {
            throw UpdateRefusal(
                "an install is asked for: it comes with the next boot, and has the capsule as it is then")
        }
        guard record.state == .ready else {
            throw UpdateRefusal(
                "it does not run: it is \(record.state.rawValue); `perseid timeline \(name)` says since when")
        }
        guard let wanted = to ?? groups.settings(of: record.node, server: server).capsule?.value else {
            throw UpdateRefusal("no capsule is set for it: `perseid node set \(name) --capsule NAME:CHANNEL`, or --to")
        }
        do {
            let generation = try capsules.resolve(CapsuleReference.validated(wanted))
            try requireMachine(of: install, capsules.manifest(of: generation))
            let line = Array(groups.line(of: record.node.groups).dropLast())
            _ = try excludes.lines(for: FileScopes(node: name, groups: line, capsule: "\(generation)"))
            return generation
        } catch {
            throw UpdateRefusal("\(error)")
        }
    }

    private func requireMachine(of install: InstallState, _ manifest: CapsuleManifest) throws {
        guard let old = install.capsule.flatMap({ CapsuleGeneration($0) }),
            let had = try? capsules.manifest(of: old), had.arch != manifest.arch
        else { return }
        throw UpdateRefusal("\(manifest.reference) is for \(manifest.arch), and \(old) on its disk is for \(had.arch)")
    }
}

/// Why a node is left out.
struct UpdateRefusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
