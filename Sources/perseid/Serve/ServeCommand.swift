import ArgumentParser
import Foundation

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Answers DHCP, TFTP and HTTP on the boot network.",
        discussion: """
            Serves the network of one interface: addresses to all its clients, boot programs to those that ask for one. \
            Needs the right to bind ports 67, 69 and 4011 and to send raw frames; gives up all its rights once it has \
            its sockets.

            Each setting may also stand in the configuration file (`httpPort: 8987`) or in the environment \
            (PERSEID_HTTP_PORT=8987). Options win over the environment, the environment over the file.

            Subnets by relay, reservations and options of DHCP stand in the file alone: docs/dhcp.md. DHCP's settings are \
            taken over while the server runs, when the file changes or on SIGHUP.

            Example: perseid serve --interface eth1 --pool 10.0.0.100-10.0.0.199 --capsule compute:stable
            """)

    @OptionGroup var state: StateOption
    @Option(help: "Configuration file. Without: \(Configuration.standardFile), if it is there.")
    var config: String?
    @Option(help: "Network interface to serve.")
    var interface: String?
    @Option(
        help: """
            Who gives addresses: server (default), this one; proxy, another DHCP server, and this one says what to boot; \
            off, another one, and it says that too.
            """)
    var dhcp: String?
    @Option(
        help: "MACs, or their first octets, whose UEFI asks on port 4011 whatever it was offered, joined by commas.")
    var binl: String?
    @Option(help: "Addresses to give, first-last, several joined by commas. Without: the interface's subnet.")
    var pool: String?
    @Option(help: "TCP port of the boot plane (default: 8987).")
    var httpPort: String?
    @Option(help: "TCP port of the boot plane under TLS (default: 0, none).")
    var httpsPort: String?
    @Option(help: "Its certificate chain, a PEM file. Without: the server makes an authority and a certificate.")
    var tlsCertificate: String?
    @Option(help: "The key of that certificate, a PEM file.")
    var tlsKey: String?
    @Option(
        name: .customLong("firmware-https"),
        help: "Send UEFI's HTTP boot to the port under TLS: true or false (default).")
    var firmwareHTTPS: String?
    @Option(help: "How long an address is held, in seconds (default: 43200).")
    var leaseSeconds: String?
    @Option(help: "Default gateway of the nodes.")
    var router: String?
    @Option(help: "Name servers of the nodes, joined by commas.")
    var dns: String?
    @Option(help: "Domain of the nodes.")
    var domain: String?
    @Option(help: "What becomes of unknown machines: register, quarantine (default) or ignore.")
    var unknown: String?
    @Option(help: "Capsule of the nodes that name none.")
    var capsule: String?
    @Option(help: "How stage 1 hands over: auto (default), switch or kexec.")
    var handoff: String?
    @Option(help: "Command line of stage 1's kernel, beside what the agent needs.")
    var kernelArguments: String?
    @Option(help: "Directory of the boot script templates.")
    var tftpboot: String?
    @Option(help: "What firmware is given first: ipxe (default), pxelinux, grub or shim.")
    var loader: String?
    @Option(help: "How fast one node may fetch, in megabytes a second (default: as fast as it goes).")
    var nodeRate: String?
    @Option(help: "How fast all nodes together may fetch, in megabytes a second (default: as fast as it goes).")
    var streamRate: String?
    @Option(help: "Label of the disk on which nodes keep chunks, or none (default: PERSEID-CACHE).")
    var cacheLabel: String?
    @Option(help: "What nodes may keep there, in megabytes (default: 17180).")
    var cacheSize: String?
    @Option(help: "Tell clients with a wrong address so: true (default) or false, beside another DHCP server.")
    var authoritative: String?
    @Option(help: "Send DHCP answers by broadcast even to clients that take unicast: true or false (default).")
    var broadcast: String?
    @Option(
        help: "Which port TFTP answers from: auto (default: the asked one to clients behind a router), single, classic."
    )
    var tftpPorts: String?
    @Option(help: "Directory that clients may write files into by TFTP, which must exist. Without: none.")
    var tftpWrite: String?
    @Option(help: "Most bytes of a file written there (default: 67108864).")
    var tftpWriteFileBytes: String?
    @Option(help: "Most bytes that one client address writes there (default: 268435456).")
    var tftpWriteClientBytes: String?
    @Option(help: "Most bytes of all files there (default: 1073741824).")
    var tftpWriteTotalBytes: String?
    @Option(help: "User to run as once the sockets are open; becomes the owner of the state.")
    var user: String?
    @Option(help: "Group whose members may ask this server, as `perseid dhcp leases` does. Without: root and its user.")
    var controlGroup: String?

    /// All that needs privileges or the main thread. What follows is `Daemon.run`.
    func prepare() throws -> Daemon {
        try Daemon(source: source, state: state.open())
    }

    var source: ConfigurationSource {
        let standard =
            FileManager.default.fileExists(atPath: Configuration.standardFile)
            ? Configuration.standardFile : nil
        return ConfigurationSource(
            // The daemon may leave the directory that it was started in.
            file: (config ?? standard).map { URL(fileURLWithPath: $0).path },
            environment: Configuration.settings(inEnvironment: ProcessInfo.processInfo.environment), options: options,
            defaultTftpboot: Self.defaultTftpboot)
    }

    private var options: [Configuration.Setting: Configuration.Given] {
        let values: [(Configuration.Setting, String?, String)] = [
            (.interface, interface, "--interface"), (.pool, pool, "--pool"), (.httpPort, httpPort, "--http-port"),
            (.leaseSeconds, leaseSeconds, "--lease-seconds"), (.router, router, "--router"), (.dns, dns, "--dns"),
            (.domain, domain, "--domain"), (.unknown, unknown, "--unknown"), (.capsule, capsule, "--capsule"),
            (.handoff, handoff, "--handoff"), (.kernelArguments, kernelArguments, "--kernel-arguments"),
            (.tftpboot, tftpboot, "--tftpboot"), (.loader, loader, "--loader"),
            (.nodeRate, nodeRate, "--node-rate"), (.streamRate, streamRate, "--stream-rate"),
            (.cacheLabel, cacheLabel, "--cache-label"),
            (.cacheSize, cacheSize, "--cache-size"),
            (.dhcp, dhcp, "--dhcp"), (.binl, binl, "--binl"),
            (.user, user, "--user"), (.controlGroup, controlGroup, "--control-group"),
            (.authoritative, authoritative, "--authoritative"),
            (.broadcast, broadcast, "--broadcast"),
            (.tftpPorts, tftpPorts, "--tftp-ports"), (.tftpWrite, tftpWrite, "--tftp-write"),
            (.tftpWriteFileBytes, tftpWriteFileBytes, "--tftp-write-file-bytes"),
            (.tftpWriteClientBytes, tftpWriteClientBytes, "--tftp-write-client-bytes"),
            (.tftpWriteTotalBytes, tftpWriteTotalBytes, "--tftp-write-total-bytes"),
            (.httpsPort, httpsPort, "--https-port"),
            (.tlsCertificate, tlsCertificate, "--tls-certificate"), (.tlsKey, tlsKey, "--tls-key"),
            (.firmwareHTTPS, firmwareHTTPS, "--firmware-https"),
        ]
        var given: [Configuration.Setting: Configuration.Given] = [:]
        for (setting, value, option) in values {
            if let value { given[setting] = Configuration.Given(value: value, from: option) }
        }
        return given
    }

    /// The templates beside the program's source, or where a package puts them.
    private static var defaultTftpboot: String {
        ["tftpboot", "/usr/share/perseid/tftpboot"].first { FileManager.default.fileExists(atPath: $0 + "/boot.ipxe") }
            ?? "/usr/share/perseid/tftpboot"
    }
}
