import ArgumentParser
import BootProtocols
import Registry
import RegistrySQLite

struct NodeRename: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Gives a node another name.",
        discussion: "Example: perseid node rename n001 login")

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.")
    var node: String
    @Argument(help: "Its name from now on.")
    var name: String

    func validate() throws {
        guard NodeName.isValid(name) else {
            throw ValidationError("`\(name)` is no host name: 1 to 63 of a-z, 0-9 and inner hyphens")
        }
    }

    func run() throws {
        let registry = try state.open().openRegistry()
        var changed = try registry.node(called: node)
        changed.name = name
        do {
            try registry.write([.node(changed)])
        } catch RegistryError.duplicate {
            throw RegistryError.duplicate("the name \(name)")
        }
    }
}

struct NodeReplace: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Gives a node's name and settings to another machine.",
        discussion: """
            For a new mainboard or network card: the machine with the new MAC address is the node from now on. If it is in
            quarantine, it leaves that. The old MAC address is unknown afterwards; its timelines stay.

            Example: perseid node replace n001 52:54:00:65:43:21
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "Name or MAC address of the node.")
    var node: String
    @Argument(help: "MAC address of the machine that takes its place.")
    var mac: String

    func validate() throws {
        guard let address = MACAddress(mac), !address.isMulticast, address.value != 0 else {
            throw ValidationError("`\(mac)` is no MAC address of one machine, such as 52:54:00:12:34:56")
        }
    }

    func run() throws {
        guard let mac = MACAddress(mac) else { return }
        let registry = try state.open().openRegistry()
        let old = try registry.node(called: node)
        guard old.mac != mac else { throw ValidationError("\(old.name) has this MAC address already") }
        var changes: [Change] = [.removeNode(old.mac)]
        if let taken = try registry.nodes().map(\.node).first(where: { $0.mac == mac }) {
            guard !taken.approved else {
                throw ValidationError("\(mac) is \(taken.name)'s; delete that node first if it is to be \(old.name)")
            }
            changes.append(.removeNode(mac))
        }
        var new = old
        new.mac = mac
        try registry.write(changes + [.node(new)])
    }
}
