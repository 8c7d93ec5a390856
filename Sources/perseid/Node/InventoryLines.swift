import Administration
import BootMachine
import PacketIO

/// What a machine says of itself, as lines of `perseid node show`: what, how, and by whom.
struct InventoryLines {
    private(set) var lines: [[String]] = []

    init(_ node: NodeResource) {
        guard let inventory = node.inventory else { return }
        let source = "the machine, \(node.inventoryAt.map { Age.text(wallMilliseconds() - $0) } ?? "some time") ago"
        for (name, value) in Self.values(inventory) { lines.append([name, value, source]) }
    }

    private static func values(_ inventory: Inventory) -> [(String, String)] {
        let hardware = inventory.hardware ?? Hardware()
        var values: [(String, String)] = []
        func add(_ name: String, _ parts: [String?]) {
            let text = parts.compactMap { $0 }.joined(separator: ", ")
            if !text.isEmpty { values.append((name, text)) }
        }
        add("machine", [hardware.vendor, inventory.product, inventory.serial.map { "serial \($0)" }, inventory.uuid])
        let secureBoot = inventory.secureBoot.map { "Secure Boot \($0 ? "on" : "off")" }
        add("firmware", [inventory.firmware, hardware.firmwareVersion, secureBoot])
        let sockets = hardware.sockets.map { "\($0) \($0 == 1 ? "socket" : "sockets")" }
        add("cpu", [hardware.processor, sockets, hardware.cores.map { "\($0) cores" }, "\(inventory.cpus) threads"])
        add("memory", [gibibytes(inventory.memoryBytes)])
        for node in hardware.numa where hardware.numa.count > 1 {
            add("numa \(node.number)", ["CPUs \(node.cpus)", gibibytes(node.memoryBytes)])
        }
        for disk in hardware.disks {
            add(
                "disk \(disk.name)",
                [
                    gigabytes(disk.bytes), disk.model, disk.serial.map { "serial \($0)" },
                    disk.isRotational ? "turning" : nil,
                ])
        }
        for card in hardware.interfaces { add("nic \(card.name)", words(of: card)) }
        for gpu in hardware.gpus { add("gpu \(gpu.address)", [gpu.id, gpu.driver]) }
        if let bmc = hardware.bmc { add("bmc", [bmc.address, bmc.mac]) }
        return values
    }

    private static func words(of card: Hardware.Interface) -> [String?] {
        let link = card.hasLink.map { $0 ? card.speed.map { "\($0) Mb/s" } ?? "link" : "no link" } ?? "switched off"
        let neighbour = card.neighbour.map { port in
            "\(port.system) port \(port.port)" + (port.portDescription.map { " (\($0))" } ?? "")
                + (port.vlan.map { ", VLAN \($0)" } ?? "")
        }
        return [card.mac, card.driver, link, neighbour]
    }

    /// Memory, in binary.
    private static func gibibytes(_ bytes: Int64) -> String {
        bytes < 10 << 30 ? "\(bytes >> 20) MiB" : "\((bytes + (1 << 29)) >> 30) GiB"
    }

    /// Disks, in decimal as they are sold.
    private static func gigabytes(_ bytes: Int64) -> String {
        bytes < 10_000_000_000 ? "\(bytes / 1_000_000) MB" : "\(bytes / 1_000_000_000) GB"
    }

    /// The machine in a line: `PowerEdge R640, 64 CPUs, 384 GiB, serial 7H4…`.
    static func summary(_ inventory: Inventory) -> String {
        let hardware = inventory.hardware ?? Hardware()
        let port = hardware.interfaces.lazy.compactMap(\.neighbour).first.map { "\($0.system) port \($0.port)" }
        let gpus = hardware.gpus.isEmpty ? nil : "\(hardware.gpus.count) GPUs"
        return [
            inventory.product, "\(inventory.cpus) CPUs", gibibytes(inventory.memoryBytes), gpus,
            hardware.disks.isEmpty ? nil : "\(hardware.disks.count) disks", inventory.serial.map { "serial \($0)" },
            port,
        ].compactMap { $0 }.joined(separator: ", ")
    }
}
