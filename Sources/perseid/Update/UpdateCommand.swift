import Administration
import ArgumentParser
import BootHTTP
import BootMachine
import BootProtocols
import CapsuleFormat
import CapsuleStore
import Foundation
import PacketIO
import Registry
import RegistrySQLite

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Brings what is on the disks of running nodes to a generation, without a reboot.",
        discussion: """
            For nodes that were installed on their disks. Each fetches what it lacks of the images, compares them with \
            its disk, and makes its files those of the image: what differs is replaced, each file in one step, what the \
            image lacks is removed. It leaves alone what is the machine's own (fstab, names and keys, network, homes, \
            /var but for the packages' database, what is mounted from elsewhere) and what the exclude lists name. Then \
            come the node's own files, kernel and boot entry. It says what changed, and whether a reboot is due.

            Exclude lists are STATE/updates/exclude/SCOPE: all, capsule/NAME, base/NAME, group/NAME or node/NAME, a \
            pattern of rsync(1) a line. `+ PATTERN` takes one back that a place further off leaves out. Node scripts of \
            the stages pre-update and post-update run around it.

            --dry-run changes nothing and lists all that would be changed: + added, ~ changed, - removed, o own file, \
            k kernel and loader, x excluded, ! in the way. Ends with status 1 unless every node is at its generation.

            Examples:
              perseid update n001 --dry-run
              perseid update 'n[001-100]' --to compute@12
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "NAME@GENERATION, NAME:CHANNEL or NAME. Without: the capsule that each node is set to.")
    var to: String?
    @Flag(help: "Change nothing; list what would change.")
    var dryRun = false
    @Option(help: "Seconds to wait for the nodes.")
    var timeout = 1800

    func validate() throws {
        if let to { _ = try CapsuleReference.validated(to) }
        guard !nodes.words.isEmpty else { throw ValidationError("say which nodes; '*' for all") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("the time-out is 1 to 86400 s") }
    }

    func run() async throws {
        let state = try self.state.open()
        let session = try RegistrySession(self.state)
        let registry = try state.openRegistry()
        let service = try RegistryService(in: state)
        let chooser = UpdateChoice(
            to: to, server: service.server, groups: GroupTree(try registry.groups()),
            capsules: try state.openCapsules(),
            excludes: state.updateExcludes)
        let began = wallMilliseconds()
        var orders: [NodeWork.Order] = []
        var isWhole = true
        for record in try service.nodes(nodes.words) {
            do throws(UpdateRefusal) {
                let generation = try chooser.generation(for: record)
                let work = AgentWork(id: began, kind: dryRun ? .updateDryRun : .update, capsule: "\(generation)")
                orders.append(NodeWork.Order(node: record.node, work: work))
            } catch {
                isWhole = false
                print("\(record.node.name)  \(error)")
            }
        }
        let files = LiveSyncOrders(directory: state.liveSync)
        let isDryRun = dryRun
        let silent = try await NodeWork(orders: files, session: session, began: began)
            .carryOut(orders, within: timeout) { order, text, isAll in
                isWhole = isWhole && isAll
                print("\(order.node.name)  \(Self.printable(text))")
                let changes = files.takeChanges(of: order.node.mac)
                if isDryRun { for line in changes { print("  \(Self.printable(String(line)))") } }
            }
        for node in silent {
            print(
                "\(node.name)  nothing heard within \(timeout) s; `perseid timeline \(node.name)` shows how far it is")
        }
        if !isWhole || !silent.isEmpty { throw ExitCode(1) }
    }

    /// Names of files are a node's to choose, and a terminal obeys what it is shown.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : Character($0) })
    }
}

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
