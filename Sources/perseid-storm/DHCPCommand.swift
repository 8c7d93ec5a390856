import ArgumentParser
import BootProtocols
import Foundation
import PacketIO
import StormKit

struct DHCPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dhcp", abstract: "Asks a DHCP server for addresses, faster than it can answer if need be.",
        discussion: """
            Loads: `leases` begins --rate four-way exchanges a second for --seconds, whatever the server does; \
            `renewals` the same with leases that the nodes got before, each asking its server; `rebindings` that by \
            broadcast; `flat-out` keeps --in-flight exchanges open; \
            `power-on` has each of --nodes send its first DISCOVER within --seconds and repeat it as its firmware would.

            The nodes are behind a relay agent, which is this host. With --direct they are on the server's link, in \
            frames of their own MACs; all loads and shapes go either way. Renewals never pass a relay agent: without \
            --direct they come as if by a router. Raw frames need root (CAP_NET_RAW).

            Runs in the lab alone, that is inside `perseid-storm bench`, unless --interface names a network that you \
            mean to load.

            Example: perseid-storm dhcp --interface veth1 --server 10.64.0.1 --load power-on --nodes 10000 --seconds 1
            """)

    enum Load: String, ExpressibleByArgument, CaseIterable {
        case leases, renewals, rebindings
        case flatOut = "flat-out"
        case powerOn = "power-on"
    }

    @Option(help: "The DHCP server's address.")
    var server: IPv4Address
    @Option(help: "Network interface to load. Without: the lab's.")
    var interface: String?
    @Option(help: "What the nodes are: system, pxe or ipxe.")
    var shape: ClientShape = .system
    @Option(help: "How they come: leases, renewals, rebindings, flat-out or power-on.")
    var load: Load = .leases
    @Option(help: "Simulated machines, 1 to 16777216.")
    var nodes = 50_000
    @Option(help: "Exchanges begun per second, 1 to 1000000.")
    var rate = 1000
    @Option(help: "For how long exchanges begin, 0.001 to 3600.")
    var seconds = 5.0
    @Option(help: "Exchanges open at once, 1 to 65536.")
    var inFlight = 512
    @Option(
        help: "Seconds after which an exchange is lost. Without: 1, or repetitions as the firmware's with power-on.")
    var timeout: Double?
    @Option(help: "0 to 255: other numbers are other machines.")
    var seed: UInt8 = 0
    @Option(help: "Seconds after which the run ends in any case, 1 to 86400.")
    var limit = 120.0
    @Option(help: "File to write each acknowledged lease to, as `MAC ADDRESS`, at the end.")
    var acknowledged: String?
    @Flag(help: "On the server's link with broadcasts and raw frames, not as a relay agent.")
    var direct = false
    @Flag(help: "With --direct: ask for answers by broadcast.")
    var broadcast = false
    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        try check((1...Fleet.largest).contains(nodes), "--nodes is 1 to \(Fleet.largest)")
        try check((1...1_000_000).contains(rate), "--rate is 1 to 1000000")
        try check((0.001...3600).contains(seconds), "--seconds is 0.001 to 3600")
        try check((1...65_536).contains(inFlight), "--in-flight is 1 to 65536")
        try check((1...86_400).contains(limit), "--limit is 1 to 86400")
        try check(timeout.map { (0.001...3600).contains($0) } ?? true, "--timeout is 0.001 to 3600")
        try check(direct || !broadcast, "--broadcast needs --direct")
    }

    func run() throws {
        let interface = try NetworkInterface.named(try StormLab.interface(given: interface))
        var fleet = Fleet(of: nodes, shape: shape, seed: seed, load: plan, patience: patience)
        let storm = try Storm(limitSeconds: limit)
        let report: StormReport
        if direct {
            var link = try DirectLink(interface: interface, shape: shape, broadcasts: broadcast)
            if load == .renewals { try link.find(server) }
            try bind(&fleet) { fleet throws in try storm.run(&fleet, over: &link) }
            report = try storm.run(&fleet, over: &link)
        } else {
            report = try relayed(&fleet, storm, by: interface)
        }
        if let acknowledged {
            let lines = fleet.leases.map { "\($0.mac) \($0.address)\n" }
            try Data(lines.joined().utf8).write(to: URL(fileURLWithPath: acknowledged))
        }
        try show(report, report.text, asJSON: json)
        if report.givenTwice > 0 { throw ExitCode(1) }
    }

    private func relayed(
        _ fleet: inout Fleet, _ storm: borrowing Storm, by interface: NetworkInterface
    ) throws -> StormReport {
        guard let relay = interface.addresses.first?.address else {
            throw ValidationError("\(interface.name) has no IPv4 address to relay from; give it one, or use --direct")
        }
        var link = try RelayLink(server: server, relay: relay, interface: interface.name, shape: shape)
        try bind(&fleet) { fleet throws in try storm.run(&fleet, over: &link) }
        guard load == .renewals else { return try storm.run(&fleet, over: &link) }
        var router = try DirectLink(interface: interface, shape: shape, broadcasts: false, place: .behindRouter)
        try router.find(server)
        return try storm.run(&fleet, over: &router)
    }

    /// Gets every node its lease, if there is to be one that it can ask more time for.
    private func bind(_ fleet: inout Fleet, by run: (inout Fleet) throws -> StormReport) throws {
        guard plan.extends else { return }
        fleet.begin(.powerOn(withinSeconds: max(1, Double(nodes) / 5000)))
        _ = try run(&fleet)
        guard fleet.bound == nodes else {
            throw ValidationError("only \(fleet.bound) of \(nodes) nodes got a lease that they could renew")
        }
        fleet.begin(plan)
    }

    private var plan: StormLoad {
        switch load {
        case .leases: .leases(perSecond: rate, seconds: seconds)
        case .renewals: .renewals(perSecond: rate, seconds: seconds)
        case .rebindings: .rebindings(perSecond: rate, seconds: seconds)
        case .flatOut: .flatOut(inFlight: inFlight, seconds: seconds)
        case .powerOn: .powerOn(withinSeconds: seconds)
        }
    }

    private var patience: [Double]? { timeout.map { [$0] } ?? (load == .powerOn ? nil : [1]) }
}
