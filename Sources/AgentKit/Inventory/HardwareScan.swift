internal import BootMachine

/// Reads what a machine is made of out of /proc and /sys. Nothing there is taken for granted: a file that is missing or
/// does not read leaves its value out.
struct HardwareScan {
    /// Of the tree that has /proc and /sys; empty for this machine's.
    let root: String

    /// Most entries of one directory that are looked at.
    private static let limit = 256

    var hardware: Hardware {
        var hardware = Hardware()
        let dmi = "\(root)/sys/class/dmi/id"
        hardware.vendor = FirmwareText.known(SmallFile.text("\(dmi)/sys_vendor"))
        let date = FirmwareText.known(SmallFile.text("\(dmi)/bios_date"))
        hardware.firmwareVersion = FirmwareText.known(SmallFile.text("\(dmi)/bios_version")).map { version in
            date.map { "\(version) (\($0))" } ?? version
        }
        readProcessors(into: &hardware)
        hardware.numa = numa
        hardware.disks = disks
        hardware.interfaces = interfaces
        hardware.gpus = gpus
        return hardware
    }

    private func names(_ directory: String) -> ArraySlice<String> {
        SmallFile.names(in: root + directory).prefix(Self.limit)
    }

    private func text(_ path: String) -> String? { SmallFile.text(root + path) }

    private func number(_ path: String) -> Int64? { text(path).flatMap { Int64($0) } }

    /// proc(5): a paragraph for each thread, `key : value` on each line.
    private func readProcessors(into hardware: inout Hardware) {
        guard let bytes = try? SmallFile.read("\(root)/proc/cpuinfo", limit: 16 << 20) else { return }
        var sockets: Set<Substring> = []
        var cores: Set<String> = []
        var socket: Substring?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].split(whereSeparator: \.isWhitespace).joined(separator: " ")
            let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
            switch key {
            case "processor": socket = nil
            case "model name": if hardware.processor == nil { hardware.processor = String(value.prefix(128)) }
            case "physical id":
                socket = value
                sockets.insert(value)
            case "core id": if let socket { cores.insert("\(socket)/\(value)") }
            default: continue
            }
        }
        if !sockets.isEmpty { hardware.sockets = sockets.count }
        if !cores.isEmpty { hardware.cores = cores.count }
    }

    private var numa: [Hardware.NUMANode] {
        names("/sys/devices/system/node").compactMap { name in
            guard name.hasPrefix("node"), let number = Int(name.dropFirst(4)) else { return nil }
            let path = "/sys/devices/system/node/\(name)"
            let total = Self.totalKibibytes(text("\(path)/meminfo") ?? "")
            return Hardware.NUMANode(
                number: number, cpus: text("\(path)/cpulist") ?? "", memoryBytes: Self.scaled(total, by: 1024))
        }.sorted { $0.number < $1.number }
    }

    /// Of a line such as `Node 0 MemTotal:       24684100 kB`; 0 where there is none.
    private static func totalKibibytes(_ text: String) -> Int64 {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count >= 4, words[2] == "MemTotal:" { return Int64(words[3]) ?? 0 }
        }
        return 0
    }

    private var disks: [Hardware.Disk] {
        let others = ["loop", "ram", "zram", "sr", "fd", "nbd", "dm-", "md"]
        return names("/sys/block").compactMap { name in
            guard !others.contains(where: name.hasPrefix) else { return nil }
            let path = "/sys/block/\(name)"
            // In units of 512 bytes, whatever the disk's own are (Documentation/ABI/stable/sysfs-block).
            guard let sectors = number("\(path)/size"), sectors > 0 else { return nil }
            let serial = text("\(path)/device/serial") ?? text("\(path)/serial") ?? text("\(path)/device/wwid")
            return Hardware.Disk(
                name: name, bytes: Self.scaled(sectors, by: 512), model: text("\(path)/device/model"), serial: serial,
                isRotational: text("\(path)/queue/rotational") == "1")
        }
    }

    /// The cards: what has a device behind it, and an Ethernet or InfiniBand address (if_arp.h: 1 and 32).
    private var interfaces: [Hardware.Interface] {
        names("/sys/class/net").compactMap { name in
            let path = "/sys/class/net/\(name)"
            guard SmallFile.exists("\(root)\(path)/device"), ["1", "32"].contains(text("\(path)/type")),
                let mac = text("\(path)/address")
            else { return nil }
            // Both are errors, not texts, while the card is switched off.
            let carrier = text("\(path)/carrier")
            let speed = number("\(path)/speed").flatMap { Int(exactly: $0) }
            return Hardware.Interface(
                name: name, mac: mac.lowercased(), driver: driver("\(path)/device"),
                hasLink: carrier.map { $0 == "1" }, speed: carrier == "1" ? speed.flatMap { $0 > 0 ? $0 : nil } : nil)
        }
    }

    /// PCI base classes 03h, display controllers, and 12h, processing accelerators; of 03h the second kind of subclass,
    /// 3D controllers, too (PCI Code and ID Assignment, 1.4 and 1.19).
    private var gpus: [Hardware.GPU] {
        names("/sys/bus/pci/devices").compactMap { address in
            let path = "/sys/bus/pci/devices/\(address)"
            guard let kind = text("\(path)/class"), kind.hasPrefix("0x03") || kind.hasPrefix("0x12"),
                let vendor = text("\(path)/vendor"), let device = text("\(path)/device")
            else { return nil }
            return Hardware.GPU(
                address: address, id: "\(vendor.dropFirst(2)):\(device.dropFirst(2))", driver: driver(path))
        }
    }

    private func driver(_ device: String) -> String? { SmallFile.linkedName("\(root)\(device)/driver") }

    private static func scaled(_ value: Int64, by unit: Int64) -> Int64 {
        let (bytes, overflow) = value.multipliedReportingOverflow(by: unit)
        return overflow || bytes < 0 ? 0 : bytes
    }
}
