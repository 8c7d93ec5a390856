import ArgumentParser
import BootMachine
import CapsuleFormat
import Registry
import RegistrySQLite

struct NodeSet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Changes settings of nodes.",
        discussion: """
            A running server takes changes over within a second; a node boots by them the next time.

            Examples:
              perseid node set 'n[001-100]' --capsule compute:stable
              perseid node set capsule=compute@11 --capsule compute@12 --dry-run
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit
    @Option(help: "What they boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?
    @Option(help: "How stage 1 hands over: switch or kexec.")
    var handoff: String?

    func validate() throws {
        guard capsule != nil || handoff != nil else {
            throw ValidationError("nothing to set: say --capsule or --handoff")
        }
        if let capsule { _ = try CapsuleReference.validated(capsule) }
        if let handoff, Plan.Handoff(rawValue: handoff) == nil {
            throw ValidationError("`\(handoff)` is neither switch nor kexec")
        }
    }

    func run() throws {
        let registry = try state.open().openRegistry()
        let records = try nodes.records(in: registry, emptyMeansAll: false)
        try edit.change(records, in: registry) { node in
            if let capsule { node.capsule = capsule }
            if let handoff { node.handoff = Plan.Handoff(rawValue: handoff) }
        }
    }
}

struct NodeUnset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset", abstract: "Takes settings of nodes back to the server's defaults.",
        discussion: "Example: perseid node unset 'n[001-100]' --capsule")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit
    @Flag(help: "They boot the server's default capsule.")
    var capsule = false
    @Flag(help: "They hand over as the kernels demand.")
    var handoff = false

    func validate() throws {
        guard capsule || handoff else { throw ValidationError("nothing to unset: say --capsule or --handoff") }
    }

    func run() throws {
        let registry = try state.open().openRegistry()
        let records = try nodes.records(in: registry, emptyMeansAll: false)
        try edit.change(records, in: registry) { node in
            if capsule { node.capsule = nil }
            if handoff { node.handoff = nil }
        }
    }
}

struct NodeEnable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Lets nodes boot from this server again.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit

    func run() throws {
        let registry = try state.open().openRegistry()
        try edit.change(nodes.records(in: registry, emptyMeansAll: false), in: registry) { $0.enabled = true }
    }
}

struct NodeDisable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Has the server ignore nodes, with an event each time they ask.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit

    func run() throws {
        let registry = try state.open().openRegistry()
        try edit.change(nodes.records(in: registry, emptyMeansAll: false), in: registry) { $0.enabled = false }
    }
}

struct NodeApprove: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Takes machines out of quarantine.",
        discussion: """
            Under `unknown: quarantine` a machine that nobody knows boots stage 1, says what it is, and waits for this.

            Examples:
              perseid node list approved=no
              perseid node approve unknown-525400123456 --name n001 --capsule compute:stable
              perseid node approve approved=no -y
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var edit: NodeEdit
    @Option(help: "Its name from now on; for one node.")
    var name: String?
    @Option(help: "What they boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?

    func validate() throws {
        if let name, !NodeName.isValid(name) {
            throw ValidationError("`\(name)` is no host name: 1 to 63 of a-z, 0-9 and inner hyphens")
        }
        if let capsule { _ = try CapsuleReference.validated(capsule) }
    }

    func run() throws {
        let registry = try state.open().openRegistry()
        let records = try nodes.records(in: registry, emptyMeansAll: false)
        guard name == nil || records.count == 1 else {
            throw ValidationError("--name is for one node, and \(records.count) are meant")
        }
        try edit.change(records, in: registry) { node in
            node.approved = true
            if let name { node.name = name }
            if let capsule { node.capsule = capsule }
        }
    }
}
