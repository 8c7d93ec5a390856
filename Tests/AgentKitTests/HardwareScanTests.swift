import BootMachine
import BootProtocols
import FoundationEssentials
import Glibc
import Testing

@testable import AgentKit

@Suite struct HardwareScanTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func write(_ files: [String: String], links: [String: String] = [:]) throws {
        for (path, text) in files {
            let directory = path.split(separator: "/").dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(
                atPath: "\(scratch.path)/\(directory)", withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: URL(filePath: "\(scratch.path)/\(path)"))
        }
        for (path, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: "\(scratch.path)/\(path)", withDestinationPath: target)
        }
    }

    /// As a server with two sockets, two cards, of which one has a link, an NVMe disk, a hard disk and a GPU has it.
    private func writeServer() throws {
        let cpu = { (number: Int, socket: Int, core: Int) in
            "processor\t: \(number)\nmodel name\t: AMD EPYC 9654 96-Core Processor\nphysical id\t: \(socket)\n"
                + "core id\t\t: \(core)\n"
        }
        try write(
            [
                "proc/cpuinfo": [cpu(0, 0, 0), cpu(1, 0, 1), cpu(2, 1, 0), cpu(3, 1, 0)].joined(separator: "\n"),
                "proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:   15000000 kB",
                "sys/devices/system/cpu/online": "0-3",
                "sys/devices/system/node/node0/cpulist": "0-1",
                "sys/devices/system/node/node0/meminfo": "Node 0 MemTotal:       8000000 kB\nNode 0 MemFree: 1 kB",
                "sys/devices/system/node/node10/cpulist": "2-3",
                "sys/devices/system/node/node10/meminfo": "Node 10 MemTotal:      8000000 kB",
                "sys/devices/system/node/possible": "0-10",
                "sys/class/dmi/id/sys_vendor": "Dell Inc.", "sys/class/dmi/id/product_name": "PowerEdge R7625",
                "sys/class/dmi/id/product_serial": "7H4XYZ3", "sys/class/dmi/id/bios_version": "1.8.3",
                "sys/class/dmi/id/bios_date": "04/08/2024",
                "sys/class/dmi/id/product_uuid": "4C4C4544-0042-3510-8052-B4C04F4D3132",
                "sys/block/nvme0n1/size": "1875385008", "sys/block/nvme0n1/device/model": "SAMSUNG MZQL2960",
                "sys/block/nvme0n1/device/serial": "S64HNE0R", "sys/block/nvme0n1/queue/rotational": "0",
                "sys/block/sda/size": "7814037168", "sys/block/sda/queue/rotational": "1",
                "sys/block/loop0/size": "8", "sys/block/sr0/size": "2097151", "sys/block/sdb/size": "0",
                "sys/class/net/lo/type": "772", "sys/class/net/lo/address": "00:00:00:00:00:00",
                "sys/class/net/eno1/type": "1", "sys/class/net/eno1/address": "B0:7B:25:00:00:01",
                "sys/class/net/eno1/carrier": "1", "sys/class/net/eno1/speed": "25000",
                "sys/class/net/eno2/type": "1", "sys/class/net/eno2/address": "b0:7b:25:00:00:02",
                "sys/class/net/br0/type": "1", "sys/class/net/br0/address": "b0:7b:25:00:00:01",
                "sys/bus/pci/devices/0000:17:00.0/class": "0x030200",
                "sys/bus/pci/devices/0000:17:00.0/vendor": "0x10de",
                "sys/bus/pci/devices/0000:17:00.0/device": "0x2330",
                "sys/bus/pci/devices/0000:00:1f.0/class": "0x060100",
            ],
            links: [
                "sys/class/net/eno1/device": "../../../bus/pci/devices/0000:00:1f.0",
                "sys/class/net/eno2/device": "../../../bus/pci/devices/0000:00:1f.0",
                "sys/bus/pci/devices/0000:00:1f.0/driver": "../../drivers/mlx5_core",
            ])
        mkdir("\(scratch.path)/sys/firmware", 0o755)
        mkdir("\(scratch.path)/sys/firmware/efi", 0o755)
    }

    @Test func readsAServer() throws {
        try writeServer()
        let inventory = Inventory.ofThisMachine(root: scratch.path)
        #expect(inventory.cpus == 4 && inventory.memoryBytes == 16_384_000_000 && inventory.firmware == "efi")
        #expect(inventory.serial == "7H4XYZ3" && inventory.uuid == "4c4c4544-0042-3510-8052-b4c04f4d3132")
        let hardware = try #require(inventory.hardware)
        #expect(hardware.vendor == "Dell Inc." && hardware.firmwareVersion == "1.8.3 (04/08/2024)")
        #expect(hardware.processor == "AMD EPYC 9654 96-Core Processor")
        #expect(hardware.sockets == 2 && hardware.cores == 3)
        #expect(hardware.numa.map(\.number) == [0, 10] && hardware.numa.map(\.cpus) == ["0-1", "2-3"])
        #expect(hardware.numa.map(\.memoryBytes) == [8_192_000_000, 8_192_000_000])
        #expect(hardware.disks.map(\.name) == ["nvme0n1", "sda"])
        #expect(hardware.disks.first?.bytes == 960_197_124_096 && hardware.disks.first?.serial == "S64HNE0R")
        #expect(hardware.disks.map(\.isRotational) == [false, true])
        #expect(hardware.interfaces.map(\.name) == ["eno1", "eno2"])
        #expect(hardware.interfaces.map(\.mac) == ["b0:7b:25:00:00:01", "b0:7b:25:00:00:02"])
        #expect(hardware.interfaces.map(\.hasLink) == [true, nil] && hardware.interfaces.first?.speed == 25_000)
        #expect(hardware.interfaces.first?.driver == "mlx5_core")
        #expect(hardware.gpus == [Hardware.GPU(address: "0000:17:00.0", id: "10de:2330", driver: nil)])
    }

    @Test func makesDoWithNothingAndWithNonsense() throws {
        let empty = Inventory.ofThisMachine(root: scratch.path)
        #expect(empty.cpus == 1 && empty.memoryBytes == 0 && empty.firmware == "bios" && empty.serial == nil)
        #expect(empty.hardware == Hardware())
        try write([
            "proc/cpuinfo": ":::\nphysical id\ncore id : 7\n: :\n\u{0}", "proc/meminfo": "MemTotal: -1 kB",
            "sys/devices/system/cpu/online": "5-1,,x-,99999999999999999999",
            "sys/devices/system/node/nodeX/cpulist": "1", "sys/devices/system/node/node1/meminfo": "Node 1 MemTotal: x",
            "sys/block/sda/size": "9223372036854775807", "sys/block/sdb/size": "-7",
            "sys/class/net/eth0/type": "1", "sys/bus/pci/devices/a/class": "0x03", "sys/bus/pci/devices/a/vendor": "",
            "sys/class/dmi/id/product_serial": "To be filled by O.E.M.",
        ])
        let inventory = Inventory.ofThisMachine(root: scratch.path)
        #expect(inventory.cpus == 1 && inventory.memoryBytes == 0 && inventory.serial == nil)
        let hardware = try #require(inventory.hardware)
        #expect(hardware.sockets == nil && hardware.disks.map(\.bytes) == [0] && hardware.interfaces.isEmpty)
        #expect(hardware.numa.map(\.memoryBytes) == [0] && hardware.gpus.isEmpty)
    }

    @Test func readsThisMachineToo() throws {
        let inventory = Inventory.ofThisMachine()
        #expect(inventory.cpus >= 1 && inventory.memoryBytes > 1 << 20)
        #expect(inventory.bounded.hardware?.interfaces.count == inventory.hardware?.interfaces.count)
    }

    /// Answers of Get LAN Configuration Parameters (IPMI 2.0, 23.2), as ipmi_sim gives them.
    @Test func readsABMCsAddress() {
        #expect(BMCAddress.address([0, 0x11, 10, 0, 0, 9])?.description == "10.0.0.9")
        #expect(BMCAddress.mac([0, 0x11, 2, 0, 0, 0, 0, 9])?.description == "02:00:00:00:00:09")
        // Parameter not supported, cut off, not set.
        #expect(BMCAddress.address([0x80]) == nil && BMCAddress.address([0, 0x11, 10, 0]) == nil)
        #expect(BMCAddress.address([0, 0x11, 0, 0, 0, 0]) == nil && BMCAddress.address([]) == nil)
        #expect(BMCAddress.mac([0xcc, 0x11, 2, 0, 0, 0, 0, 9]) == nil)
        #expect(BMCAddress.find(device: "/dev/null") == nil && BMCAddress.find(device: "/nowhere") == nil)
    }
}
