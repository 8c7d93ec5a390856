import BootProtocols

/// What stage 1 sees of the machine it runs on.
public struct Inventory: Codable, Hashable, Sendable {
    public var cpus: Int
    public var memoryBytes: Int64
    /// `bios` or `efi`
    public var firmware: String
    /// Whether the firmware enforced Secure Boot; nil where it does not say, as a BIOS.
    public var secureBoot: Bool?
    /// SMBIOS system UUID, lower case, if the firmware has one.
    public var uuid: String?
    public var serial: String?
    public var product: String?
    /// Milliseconds from the kernel's start to the agent's check-in.
    public var uptimeMilliseconds: Int64
    /// Nil from an agent that does not look.
    public var hardware: Hardware?

    public init(
        cpus: Int, memoryBytes: Int64, firmware: String, secureBoot: Bool? = nil, uuid: String?, serial: String?,
        product: String?, uptimeMilliseconds: Int64, hardware: Hardware? = nil
    ) {
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.firmware = firmware
        self.secureBoot = secureBoot
        self.uuid = uuid
        self.serial = serial
        self.product = product
        self.uptimeMilliseconds = uptimeMilliseconds
        self.hardware = hardware
    }
}

/// The parts of a machine, as its kernel and its firmware tell of them. What they do not tell is nil.
public struct Hardware: Codable, Hashable, Sendable {
    public var vendor: String?
    /// Version and date of the firmware: `F30 (04/01/2025)`.
    public var firmwareVersion: String?
    /// `AMD EPYC 9654 96-Core Processor`
    public var processor: String?
    public var sockets: Int?
    /// Of all sockets together; `cpus` counts their threads.
    public var cores: Int?
    public var numa: [NUMANode] = []
    public var disks: [Disk] = []
    public var interfaces: [Interface] = []
    public var gpus: [GPU] = []
    public var bmc: BMC?

    public init() {}

    public struct NUMANode: Codable, Hashable, Sendable {
        public var number: Int
        /// In the kernel's form, `0-31,64-95`.
        public var cpus: String
        public var memoryBytes: Int64

        public init(number: Int, cpus: String, memoryBytes: Int64) {
            self.number = number
            self.cpus = cpus
            self.memoryBytes = memoryBytes
        }
    }

    public struct Disk: Codable, Hashable, Sendable {
        /// `nvme0n1`
        public var name: String
        public var bytes: Int64
        public var model: String?
        public var serial: String?
        /// Turns, as a hard disk.
        public var isRotational: Bool

        public init(name: String, bytes: Int64, model: String?, serial: String?, isRotational: Bool) {
            self.name = name
            self.bytes = bytes
            self.model = model
            self.serial = serial
            self.isRotational = isRotational
        }
    }

    public struct Interface: Codable, Hashable, Sendable {
        public var name: String
        public var mac: String
        public var driver: String?
        /// Nil while it is switched off.
        public var hasLink: Bool?
        /// Megabits a second, while it has a link.
        public var speed: Int?
        /// Where its cable ends, if the switch has said so by LLDP.
        public var neighbour: Neighbour?

        public init(name: String, mac: String, driver: String?, hasLink: Bool?, speed: Int?) {
            self.name = name
            self.mac = mac
            self.driver = driver
            self.hasLink = hasLink
            self.speed = speed
        }
    }

    /// A switch's port, by LLDP (IEEE 802.1AB).
    public struct Neighbour: Codable, Hashable, Sendable {
        /// Its name, else its MAC or network address.
        public var system: String
        /// Its name for the port, else the port's address.
        public var port: String
        public var portDescription: String?
        public var vlan: Int?

        public init(system: String, port: String, portDescription: String?, vlan: Int?) {
            self.system = system
            self.port = port
            self.portDescription = portDescription
            self.vlan = vlan
        }
    }

    public struct GPU: Codable, Hashable, Sendable {
        /// On PCI: `0000:17:00.0`.
        public var address: String
        /// Numbers of vendor and device in hex, `10de:2330`.
        public var id: String
        public var driver: String?

        public init(address: String, id: String, driver: String?) {
            self.address = address
            self.id = id
            self.driver = driver
        }
    }

    /// The controller by which the machine is switched on and off.
    public struct BMC: Codable, Hashable, Sendable {
        public var address: String
        public var mac: String?

        public init(address: String, mac: String?) {
            self.address = address
            self.mac = mac
        }
    }
}

extension Inventory {
    /// The same within bounds, and without characters that no terminal should get: whoever sent it may be anybody.
    public var bounded: Inventory {
        var copy = self
        copy.cpus = min(max(cpus, 0), 1 << 20)
        copy.memoryBytes = max(0, memoryBytes)
        copy.firmware = firmware.bounded
        copy.uuid = uuid?.bounded
        copy.serial = serial?.bounded
        copy.product = product?.bounded
        copy.hardware = hardware?.bounded
        return copy
    }
}

extension Hardware {
    /// Most of one kind that are kept: the largest machines have fewer.
    private static let limit = 64

    /// The same within bounds, as `Inventory.bounded`.
    public var bounded: Hardware {
        var copy = self
        copy.vendor = vendor?.bounded
        copy.firmwareVersion = firmwareVersion?.bounded
        copy.processor = processor?.bounded
        copy.numa = numa.prefix(Self.limit).map {
            NUMANode(number: $0.number, cpus: $0.cpus.bounded, memoryBytes: max(0, $0.memoryBytes))
        }
        copy.disks = disks.prefix(Self.limit).map {
            Disk(
                name: $0.name.bounded, bytes: max(0, $0.bytes), model: $0.model?.bounded, serial: $0.serial?.bounded,
                isRotational: $0.isRotational)
        }
        copy.interfaces = interfaces.prefix(Self.limit).map(\.bounded)
        copy.gpus = gpus.prefix(Self.limit).map {
            GPU(address: $0.address.bounded, id: $0.id.bounded, driver: $0.driver?.bounded)
        }
        copy.bmc = bmc.map { BMC(address: $0.address.bounded, mac: $0.mac?.bounded) }
        return copy
    }

    /// The same, with what an earlier look has seen and this one could not: a switch tells of its port each half minute,
    /// and a card that is switched off has no link to tell of.
    public func adding(_ earlier: Hardware) -> Hardware {
        var copy = self
        for index in copy.interfaces.indices {
            guard let old = earlier.interfaces.first(where: { $0.mac == copy.interfaces[index].mac }) else { continue }
            if copy.interfaces[index].hasLink == nil {
                copy.interfaces[index].hasLink = old.hasLink
                copy.interfaces[index].speed = old.speed
            }
            if copy.interfaces[index].neighbour == nil, copy.interfaces[index].hasLink != false {
                copy.interfaces[index].neighbour = old.neighbour
            }
        }
        if copy.bmc == nil { copy.bmc = earlier.bmc }
        return copy
    }
}

extension Hardware.Interface {
    fileprivate var bounded: Self {
        var copy = Self(
            name: name.bounded, mac: mac.bounded, driver: driver?.bounded, hasLink: hasLink,
            speed: speed.flatMap { $0 > 0 ? $0 : nil })
        copy.neighbour = neighbour.map {
            Hardware.Neighbour(
                system: $0.system.bounded, port: $0.port.bounded, portDescription: $0.portDescription?.bounded,
                vlan: $0.vlan)
        }
        return copy
    }
}

extension String {
    fileprivate var bounded: String { String(printable: self, longest: 128) }
}
