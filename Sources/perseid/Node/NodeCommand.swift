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
    @Option(help: "IPv4 address that DHCP gives it, and nobody else. Without: any of the pool.")
    var address: String?

    func validate() throws {
        guard NodeName.isValid(name) else {
            throw ValidationError("`\(name)` is no host name: 1 to 63 of a-z, 0-9 and inner hyphens")
        }
        guard let machine = MACAddress(mac), !machine.isMulticast, machine.value != 0 else {
            throw ValidationError("`\(mac)` is no MAC address of one machine, such as 52:54:00:12:34:56")
        }
        if let capsule { _ = try CapsuleReference.validated(capsule) }
        if let handoff, Plan.Handoff(rawValue: handoff) == nil {
            throw ValidationError("`\(handoff)` is neither switch nor kexec")
        }
        if let address, IPv4Address(address) == nil {
            throw ValidationError("`\(address)` is no IPv4 address, such as 10.0.0.9")
        }
    }

    func run() throws {
        guard let mac = MACAddress(mac) else { return }
        let node = Node(
            mac: mac, name: name, capsule: capsule, handoff: handoff.flatMap(Plan.Handoff.init(rawValue:)),
            address: address.flatMap { IPv4Address($0) })
        try Self.keep(node, in: try state.open().openRegistry())
    }

    private static func keep(_ node: Node, in registry: SQLiteStore) throws {
        let others = try registry.nodes().map(\.node).filter { $0.mac != node.mac }
        do throws(RegistryError) {
            try registry.write([.node(node)])
        } catch {
            guard case .duplicate = error else { throw error }
            throw RegistryError.duplicate(what(of: node, isTakenBy: others))
        }
    }

    /// What another node has already, and which one that is.
    private static func what(of node: Node, isTakenBy others: [Node]) -> String {
        if let other = others.first(where: { $0.name == node.name }) { return "the name \(node.name) of \(other.mac)" }
        let other = others.first { $0.address == node.address }
        return "the address \(node.address?.description ?? "") of \(other?.name ?? "another node")"
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
