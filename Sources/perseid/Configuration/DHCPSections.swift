import BootProtocols
import DHCPService
import Yams

/// What a configuration file says of DHCP beyond one subnet: subnets, groups, reservations and options.
struct DHCPSections: Hashable, Sendable {
    /// Keys of the file that are read here.
    static let keys = [
        "minLeaseSeconds", "maxLeaseSeconds", "bootpLeaseSeconds", "sharedNetwork", "subnets", "groups", "reservations",
        "options",
    ]

    /// A subnet as it was written; what it leaves out is taken from the top of the file.
    struct Subnet: Hashable, Sendable {
        var subnet: IPv4Subnet
        var pools: [DHCPPool]?
        var router: IPv4Address?
        var nameServers: [IPv4Address]?
        var domain: String?
        var leases = LeaseTimes()
        var options: [DHCPOptionSetting] = []
        var sharedNetwork: String?
        var origin: String
    }

    /// Seconds; nil: as the top of the file says.
    struct LeaseTimes: Hashable, Sendable {
        var standard: UInt32?
        var minimum: UInt32?
        var maximum: UInt32?
        var bootp: UInt32?
    }

    /// Of the interface's own subnet, where it is not listed among the others.
    var leases = LeaseTimes()
    var sharedNetwork: String?
    var subnets: [Subnet] = []
    var groups: [DHCPGroup] = []
    var reservations: [DHCPReservation] = []
    var options: [DHCPOptionSetting] = []

    init() {}

    init(_ file: ConfigurationMapping) throws(Configuration.Failure) {
        leases = try LeaseTimes(file)
        sharedNetwork = try file.text("sharedNetwork")
        options = try Self.options(file)
        for item in try file.mappings("subnets") { subnets.append(try Subnet(item)) }
        for item in try file.mappings("groups") {
            try item.allow(only: ["name", "options"])
            guard let name = try item.text("name") else { throw item.fail(nil, "name", "is missing") }
            groups.append(DHCPGroup(name: name, options: try Self.options(item)))
        }
        for item in try file.mappings("reservations") { reservations.append(try Self.reservation(item)) }
    }

    /// `options:` of a mapping: `name: value`, `name: [values]`, or `name: {value: …, force: true}`.
    static func options(_ parent: ConfigurationMapping) throws(Configuration.Failure) -> [DHCPOptionSetting] {
        guard let options = try parent.mapping("options") else { return [] }
        var settings: [DHCPOptionSetting] = []
        for key in options.keys {
            let setting = try option(key, in: options)
            if settings.contains(where: { $0.code == setting.code }) {
                throw options.fail(options.node(key), key, "is option \(setting.code), which is given twice")
            }
            settings.append(setting)
        }
        return settings
    }

    private static func option(
        _ key: String, in options: ConfigurationMapping
    ) throws(Configuration.Failure) -> DHCPOptionSetting {
        var values: [String]
        var isForced = false
        if options.node(key)?.mapping != nil, let form = try options.mapping(key) {
            try form.allow(only: ["value", "force"])
            guard let node = form.node("value") else { throw form.fail(nil, "value", "is missing") }
            values = try form.values(node, "value")
            isForced = try form.read("force", "true or false") { Bool($0) } ?? false
        } else if let node = options.node(key) {
            values = try options.values(node, key)
        } else {
            values = []
        }
        do throws(DHCPOptionSettingError) {
            return try DHCPOptionSetting(key, values: values, isForced: isForced)
        } catch {
            throw options.fail(options.node(key), "", "\(error)")
        }
    }

    private static func reservation(_ item: ConfigurationMapping) throws(Configuration.Failure) -> DHCPReservation {
        try item.allow(only: [
            "mac", "uuid", "clientId", "circuitId", "remoteId", "address", "hostName", "groups", "options",
        ])
        return DHCPReservation(
            try key(of: item), address: try item.read("address", "an IPv4 address") { IPv4Address($0) },
            hostName: try item.text("hostName"), groups: try item.list("groups") ?? [], options: try options(item),
            origin: item.origin)
    }

    private static func key(of item: ConfigurationMapping) throws(Configuration.Failure) -> DHCPReservation.Key {
        var keys: [DHCPReservation.Key] = []
        let mac = try item.read("mac", "a MAC address of one machine") { text in
            MACAddress(text).flatMap { $0.isMulticast || $0.value == 0 ? nil : $0 }
        }
        if let mac { keys.append(.mac(mac)) }
        let machine = try item.read("uuid", "a UUID as `dmidecode` prints it") { ClientMachine($0) }
        if let machine { keys.append(.machine(Array(machine.bytes))) }
        let bytes = DHCPOptionForm.bytes
        let client = try item.read("clientId", bytes.expectation) { bytes.encode([$0]) }
        if let client { keys.append(.clientIdentifier(client)) }
        let circuit = try item.text("circuitId").map(Self.words)
        let remote = try item.text("remoteId").map(Self.words)
        if circuit != nil || remote != nil { keys.append(.circuit(id: circuit, remote: remote)) }
        guard let key = keys.first, keys.count == 1 else {
            throw item.fail(
                nil, "", "expected one of mac, uuid, clientId, or circuitId and remoteId, to know the machine by")
        }
        return key
    }

    /// Switches put words into circuit-ids as often as numbers: without `hex:` it is words.
    private static func words(_ text: String) -> [UInt8] { DHCPOptionForm.bytes.encode([text]) ?? Array(text.utf8) }
}

extension DHCPSections.Subnet {
    fileprivate init(_ item: ConfigurationMapping) throws(Configuration.Failure) {
        try item.allow(only: [
            "subnet", "pools", "router", "dns", "domain", "leaseSeconds", "minLeaseSeconds", "maxLeaseSeconds",
            "bootpLeaseSeconds", "sharedNetwork", "options",
        ])
        guard let subnet = try item.read("subnet", "a subnet such as 10.1.0.0/16", { IPv4Subnet($0) }) else {
            throw item.fail(nil, "subnet", "is missing")
        }
        self.subnet = subnet
        pools = try Self.pools(item)
        router = try item.read("router", "an IPv4 address") { IPv4Address($0) }
        nameServers = try item.readList("dns", "IPv4 addresses") { IPv4Address($0) }
        domain = try item.text("domain")
        leases = try DHCPSections.LeaseTimes(item)
        leases.standard = try item.read("leaseSeconds", DHCPSections.LeaseTimes.expectation, { UInt32($0) })
        options = try DHCPSections.options(item)
        sharedNetwork = try item.text("sharedNetwork")
        origin = item.origin
    }

    /// `10.1.0.10-10.1.0.99` or `{range: 10.1.0.10-10.1.0.99, bootp: true}`.
    private static func pools(_ item: ConfigurationMapping) throws(Configuration.Failure) -> [DHCPPool]? {
        guard let node = item.node("pools"), node.null == nil else { return nil }
        let expected = "two addresses, 10.0.0.10-10.0.0.99"
        guard let sequence = node.sequence else {
            return try item.readList("pools", expected) { Configuration.range($0).map { DHCPPool($0) } }
        }
        var pools: [DHCPPool] = []
        for (index, entry) in sequence.enumerated() {
            guard entry.mapping != nil else {
                guard let range = Configuration.range(entry.scalar?.string ?? "") else {
                    throw item.fail(entry, "pools", "is `\(entry.scalar?.string ?? "")`, expected \(expected)")
                }
                pools.append(DHCPPool(range))
                continue
            }
            let form = try ConfigurationMapping(entry, file: item.file, place: item.path("pools[\(index)]"))
            try form.allow(only: ["range", "bootp"])
            guard let range = try form.read("range", expected, Configuration.range) else {
                throw form.fail(nil, "range", "is missing")
            }
            pools.append(DHCPPool(range, servesBOOTP: try form.read("bootp", "true or false") { Bool($0) } ?? false))
        }
        return pools
    }
}

extension DHCPSections.LeaseTimes {
    static let expectation = "seconds, 60 to 31536000"

    fileprivate init(_ item: ConfigurationMapping) throws(Configuration.Failure) {
        minimum = try item.read("minLeaseSeconds", Self.expectation) { UInt32($0) }
        maximum = try item.read("maxLeaseSeconds", Self.expectation) { UInt32($0) }
        bootp = try item.read("bootpLeaseSeconds", "seconds, or forever") { text in
            text == "forever" ? DHCPLeaseTimes.forever : UInt32(text)
        }
    }
}
