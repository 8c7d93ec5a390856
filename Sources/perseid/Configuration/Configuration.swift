import BootMachine
import BootPolicy
import BootProtocols
import Registry
import TFTPService

/// What `perseid serve` is to do: each value from an option, else `PERSEID_*`, else the configuration file, else
/// its default.
struct Configuration: Sendable {
    var interface: String
    /// Who gives addresses on that network.
    var dhcp: DHCPMode = .server
    /// Nil: derived from the interface's subnet.
    var pools: [ClosedRange<IPv4Address>]?
    var httpPort: UInt16 = 8987
    /// The boot plane under TLS, beside the plain one; nil: there is none.
    var tls: TLS?
    var leaseSeconds: UInt32 = 43_200
    var router: IPv4Address?
    var dns: [IPv4Address] = []
    var domain: String?
    /// Clients with a wrong address are told so, as the only DHCP server of the network may (RFC 2131, 4.3.2).
    var authoritative = true
    /// DHCP answers go by broadcast even to clients that take unicast.
    var broadcast = false
    var unknown: UnknownNodePolicy = .quarantine
    /// For nodes that name none.
    var capsule: String?
    /// Nil: as the kernels demand.
    var handoff: Plan.Handoff?
    var kernelArguments = "console=tty0 console=ttyS0,115200"
    var tftpboot: String
    var tftpPorts: TFTPPorts = .auto
    /// Directory that clients may write files into by TFTP; nil: none.
    var tftpWrite: String?
    var tftpWriteLimits = TFTPWriteDirectory.Limits()
    /// What firmware is given first.
    var loader: BootLoader = .ipxe
    /// How fast one node may fetch, in bytes a second; nil: as fast as it goes.
    var nodeRate: Int64?
    /// How fast all nodes together may fetch, in bytes a second; nil: as fast as it goes.
    var streamRate: Int64?
    /// The disk on which nodes keep chunks; nil: none.
    var cache: Plan.Cache? = .standard
    /// Machines whose UEFI asks for its file on port 4011 whatever it was offered.
    var binl: [MACAddressPrefix] = []
    /// Who may ask the daemon by its control socket, beside its user and root; nil: nobody.
    var controlGroup: String?
    /// Runs as this user once the sockets are open.
    var user: String?
    /// Subnets, reservations and options, of the configuration file alone.
    var sections = DHCPSections()
}

extension Configuration {
    /// What nodes do by that have no setting of their own or of a group.
    var nodeSettings: NodeSettings {
        NodeSettings(capsule: capsule, handoff: handoff, kernelArguments: kernelArguments, nodeRate: nodeRate)
    }
}

/// What part `perseid serve` takes in DHCP.
enum DHCPMode: String, CaseIterable, Sendable {
    /// Gives addresses and says what to boot.
    case server
    /// Says what to boot, beside a DHCP server that is someone else's.
    case proxy
    /// Takes none: TFTP and HTTP alone.
    case off
}

extension Configuration {
    /// A setting that does not read, or one that does not exist.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case missing(String)
        case unreadable(path: String, reason: String)
        case unknownKeys([String], path: String)
        case invalid(key: String, value: String, expected: String, from: String)
        case wrong(file: String, line: Int, key: String, problem: String)
        /// Settings that take a restart.
        case notLive([String])

        var description: String {
            switch self {
            case .missing(let key):
                "no \(key) is given: use --\(key), PERSEID_\(key.uppercased()), or `\(key):` in the configuration file"
            case .unreadable(let path, let reason):
                "cannot read the configuration \(path): \(reason)"
            case .unknownKeys(let keys, let path):
                "\(path): no such setting: \(keys.joined(separator: ", ")). There are "
                    + (Setting.allCases.map(\.rawValue) + DHCPSections.keys).joined(separator: ", ")
            case .invalid(let key, let value, let expected, let from):
                "\(from): \(key) is `\(value)`, expected \(expected)"
            case .wrong(let file, let line, let key, let problem):
                "\(file):\(line): \(key.isEmpty ? "" : key + ": ")\(problem)"
            case .notLive(let keys):
                "\(keys.joined(separator: ", ")) cannot change while the server runs, so nothing was changed; restart it"
            }
        }
    }

    /// The names of the settings, as in the file; `--http-port` and `PERSEID_HTTP_PORT` for `httpPort`.
    enum Setting: String, CaseIterable {
        case interface, pool, httpPort, leaseSeconds, router, dns, domain, unknown, capsule, handoff, kernelArguments
        case tftpboot, loader, nodeRate, streamRate, cacheLabel, cacheSize, promoteTested, user, dhcp, binl
        case authoritative, broadcast, controlGroup
        case tftpPorts, tftpWrite, tftpWriteFileBytes, tftpWriteClientBytes, tftpWriteTotalBytes
        case httpsPort, tlsCertificate, tlsKey, firmwareHTTPS

        var environmentName: String {
            // An abbreviation is one word: PERSEID_FIRMWARE_HTTPS.
            "PERSEID_" + rawValue.replacing(#/([a-z])([A-Z])/#) { "\($0.1)_\($0.2)" }.uppercased()
        }
    }

    /// Where a value was given, for errors.
    struct Given: Equatable {
        var value: String
        var from: String
    }

    /// Reads the settings as they were given.
    init(_ given: [Setting: Given], defaultTftpboot: String) throws(Failure) {
        guard let interface = given[.interface]?.value, !interface.isEmpty else { throw .missing("interface") }
        self.interface = interface
        tftpboot = given[.tftpboot]?.value ?? defaultTftpboot
        if let value = given[.pool] {
            pools = try value.read(.pool, "two addresses, 10.0.0.10-10.0.0.99, or several such pairs", Self.ranges)
        }
        if let value = given[.httpPort] { httpPort = try value.read(.httpPort, "a port, 1 to 65535") { UInt16($0) } }
        if let value = given[.leaseSeconds] {
            leaseSeconds = try value.read(.leaseSeconds, "seconds, 60 to 31536000") { text in
                UInt32(text).flatMap { (60...31_536_000).contains($0) ? $0 : nil }
            }
        }
        if let value = given[.router] { router = try value.read(.router, "an IPv4 address") { IPv4Address($0) } }
        if let value = given[.dns] { dns = try value.read(.dns, "IPv4 addresses, joined by commas", Self.addresses) }
        domain = given[.domain]?.value
        if let value = given[.authoritative] {
            authoritative = try value.read(.authoritative, "true or false") { Bool($0) }
        }
        if let value = given[.broadcast] { broadcast = try value.read(.broadcast, "true or false") { Bool($0) } }
        if let value = given[.unknown] {
            unknown = try value.read(.unknown, "register, quarantine or ignore") { UnknownNodePolicy(rawValue: $0) }
        }
        capsule = given[.capsule]?.value
        if let value = given[.handoff], value.value != "auto" {
            handoff = try value.read(.handoff, "auto, switch or kexec") { Plan.Handoff(rawValue: $0) }
        }
        if let value = given[.kernelArguments] { kernelArguments = value.value }
        if let value = given[.loader] {
            let known = BootLoader.allCases.map(\.rawValue).joined(separator: ", ")
            loader = try value.read(.loader, "one of \(known)") { BootLoader(rawValue: $0) }
        }
        if let value = given[.nodeRate] {
            nodeRate = try value.read(.nodeRate, "megabytes a second, 1 to 100000", Self.megabytes)
        }
        if let value = given[.streamRate] {
            streamRate = try value.read(.streamRate, "megabytes a second, 1 to 100000", Self.megabytes)
        }
        cache = try Self.cache(given)
        user = given[.user]?.value
        controlGroup = given[.controlGroup]?.value
        try readDHCP(given)
        try readTFTP(given)
        tls = try TLS(given, httpPort: httpPort)
    }

    private mutating func readDHCP(_ given: [Setting: Given]) throws(Failure) {
        if let value = given[.dhcp] { dhcp = try value.read(.dhcp, "server, proxy or off") { DHCPMode(rawValue: $0) } }
        if let value = given[.binl] {
            binl = try value.read(.binl, "MAC addresses or their first octets, joined by commas") { text in
                let parts = text.split(separator: ",", omittingEmptySubsequences: false)
                let prefixes = parts.compactMap { MACAddressPrefix($0.drop { $0 == " " }) }
                return prefixes.count == parts.count ? prefixes : nil
            }
        }
    }

    private mutating func readTFTP(_ given: [Setting: Given]) throws(Failure) {
        if let value = given[.tftpPorts] {
            tftpPorts = try value.read(.tftpPorts, "auto, single or classic") { TFTPPorts(rawValue: $0) }
        }
        tftpWrite = given[.tftpWrite]?.value
        let limits: [(Setting, WritableKeyPath<TFTPWriteDirectory.Limits, Int>)] = [
            (.tftpWriteFileBytes, \.file), (.tftpWriteClientBytes, \.client), (.tftpWriteTotalBytes, \.total),
        ]
        for (key, path) in limits {
            guard let value = given[key] else { continue }
            tftpWriteLimits[keyPath: path] = try value.read(key, "bytes, 4096 or more") { text in
                Int(text).flatMap { $0 >= 4096 ? $0 : nil }
            }
        }
    }

    /// Bytes a second from megabytes; nil for what is none.
    static func megabytes(_ text: String) -> Int64? {
        Int64(text).flatMap { (1...100_000).contains($0) ? $0 * 1_000_000 : nil }
    }

    private static func cache(_ given: [Setting: Given]) throws(Failure) -> Plan.Cache? {
        var cache = Plan.Cache.standard
        if let value = given[.cacheLabel] {
            if value.value == "none" { return nil }
            cache.label = try value.read(.cacheLabel, "a file system's label, at most 16 bytes, or none") { text in
                (1...16).contains(text.utf8.count) ? text : nil
            }
        }
        if let value = given[.cacheSize] {
            cache.limitBytes = try value.read(.cacheSize, "megabytes, 1 to 100000000") { text in
                Int64(text).flatMap { (1...100_000_000).contains($0) ? $0 * 1_000_000 : nil }
            }
        }
        return cache
    }

    private static func ranges(_ text: String) -> [ClosedRange<IPv4Address>]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let ranges = parts.compactMap { range(String($0.drop { $0 == " " })) }
        return ranges.count == parts.count ? ranges : nil
    }

    /// `10.0.0.10-10.0.0.99`
    static func range(_ text: String) -> ClosedRange<IPv4Address>? {
        let ends = text.split(separator: "-").compactMap { IPv4Address($0) }
        guard ends.count == 2, ends[0] <= ends[1] else { return nil }
        return ends[0]...ends[1]
    }

    private static func addresses(_ text: String) -> [IPv4Address]? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let addresses = parts.compactMap { IPv4Address($0.drop { $0 == " " }) }
        return addresses.count == parts.count ? addresses : nil
    }
}

extension Configuration.Given {
    func read<Value>(
        _ key: Configuration.Setting, _ expected: String, _ parse: (String) -> Value?
    ) throws(Configuration.Failure) -> Value {
        guard let result = parse(value) else {
            throw .invalid(key: key.rawValue, value: value, expected: expected, from: from)
        }
        return result
    }
}
