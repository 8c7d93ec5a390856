import ArgumentParser
import BootMachine
import BootProtocols
import CapsuleFormat
import Registry
import RegistrySQLite

struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Adds, lists, changes and removes nodes.",
        discussion: """
            Commands that change several nodes take words such as n001 n[001-100,150] rack1* state=failed !n007. Names add \
            up, words with ! before them leave out, and all conditions must hold; quote what the shell would expand.
            """,
        subcommands: [
            NodeAdd.self, NodeList.self, NodeSummary.self, NodeSet.self, NodeUnset.self, NodeEnable.self,
            NodeDisable.self, NodeApprove.self, NodeRename.self, NodeReplace.self, NodeDelete.self, NodeImport.self,
            NodeExportCommand.self,
        ])
}

struct NodeAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Adds a node, or changes the one that has this MAC.",
        discussion: """
            A running server takes the change over within a second.

            Example: perseid node add n001 --mac 52:54:00:12:34:56 --capsule compute:stable
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Its name: a host name label such as n001.")
    var name: String
    @Option(help: "MAC address of the interface that it boots from.")
    var mac: String
    @Option(help: "What it boots: NAME@GENERATION or NAME:CHANNEL. Without: the server's default.")
    var capsule: String?
    @Option(help: "How stage 1 hands over: switch or kexec. Without: as the kernels demand.")
    var handoff: String?

    func validate() throws {
        guard NodeName.isValid(name) else {
            throw ValidationError("`\(name)` is no host name: 1 to 63 of a-z, 0-9 and inner hyphens")
        }
        guard let address = MACAddress(mac), !address.isMulticast, address.value != 0 else {
            throw ValidationError("`\(mac)` is no MAC address of one machine, such as 52:54:00:12:34:56")
        }
        if let capsule { _ = try CapsuleReference.validated(capsule) }
        if let handoff, Plan.Handoff(rawValue: handoff) == nil {
            throw ValidationError("`\(handoff)` is neither switch nor kexec")
        }
    }

    func run() throws {
        guard let mac = MACAddress(mac) else { return }
        let node = Node(
            mac: mac, name: name, capsule: capsule, handoff: handoff.flatMap(Plan.Handoff.init(rawValue:)))
        do {
            try state.open().openRegistry().write([.node(node)])
        } catch RegistryError.duplicate {
            throw RegistryError.duplicate("the name \(name)")
        }
    }
}

extension Store {
    /// The node with this name or MAC.
    func node(called text: String) throws -> Node {
        let nodes = try nodes().map(\.node)
        let mac = MACAddress(text)
        if let node = nodes.first(where: { $0.name == text || $0.mac == mac }) { return node }
        throw ValidationError("there is no node `\(text)`; `perseid node list` shows those that exist")
    }
}

extension CapsuleReference {
    /// The reference, or an error for the command line.
    static func validated(_ text: String) throws -> CapsuleReference {
        guard let reference = CapsuleReference(text) else {
            throw ValidationError("`\(text)` is no capsule: write NAME@GENERATION, NAME:CHANNEL or NAME")
        }
        return reference
    }
}
