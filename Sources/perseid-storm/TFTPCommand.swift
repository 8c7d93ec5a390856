import ArgumentParser
import BootProtocols
import Foundation
import PacketIO
import StormKit

struct TFTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tftp", abstract: "Fetches a file by TFTP, with as many clients at once as you like.",
        discussion: """
            Each client has a socket of its own and fetches the file --rounds times. With --loss or --reordering a \
            relay on this host stands between them and the server.

            Runs in the lab alone, that is inside `perseid-storm bench`, unless --interface names a network that you \
            mean to load.

            Example: perseid-storm tftp --interface veth1 --server 10.64.0.1 --file bench.img --clients 100
            """)

    @Option(help: "The TFTP server's address.")
    var server: IPv4Address
    @Option(help: "Its port.")
    var port: UInt16 = 69
    @Option(help: "The file, as the server knows it.")
    var file: String
    @Option(help: "Network interface to load. Without: the lab's.")
    var interface: String?
    @Option(help: "Clients at once, 1 to 10000.")
    var clients = 1
    @Option(help: "Files that each fetches, one after the other.")
    var rounds = 1
    @Option(help: "Bytes in a block, 8 to 65464.")
    var blksize = 1468
    @Option(help: "Blocks before an acknowledgment, 1 to 65535.")
    var windowsize = 16
    @Option(help: "Times that a client asks again, each after 1 s, before it gives up.")
    var retries = 30
    @Option(help: "Share of datagrams that the relay loses each way, 0 to 0.5.")
    var loss = 0.0
    @Option(help: "Share of datagrams that three others overtake, 0 to 0.5.")
    var reordering = 0.0
    @Flag(help: "Through the relay also where it loses nothing, to compare with.")
    var relay = false
    @Option(help: "Addresses of this host that clients share, first-last.")
    var sources: String?
    @Option(help: "Seconds after which the run ends in any case.")
    var limit = 200.0
    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        try check((1...10_000).contains(clients), "--clients is 1 to 10000")
        try check((1...100_000).contains(rounds), "--rounds is 1 to 100000")
        try check((8...65464).contains(blksize), "--blksize is 8 to 65464")
        try check((1...65535).contains(windowsize), "--windowsize is 1 to 65535")
        try check((0...0.5).contains(loss) && (0...0.5).contains(reordering), "--loss and --reordering are 0 to 0.5")
        try check(sources == nil || addresses != nil, "--sources is FIRST-LAST, at most 4096 addresses")
    }

    func run() throws {
        _ = try StormLab.interface(given: interface)
        var load = TFTPStorm.Load(server: IPv4Endpoint(server, port: port), name: file)
        load.clients = clients
        load.rounds = rounds
        load.wishes.blockSize = blksize
        load.wishes.windowSize = windowsize
        load.wishes.retries = retries
        load.sources = addresses ?? []
        load.limit = limit
        let report: TFTPStormReport
        if relay || loss > 0 || reordering > 0 {
            report = try relayed(&load)
        } else {
            var storm = try TFTPStorm(load)
            report = try storm.run()
        }
        try show(report, report.text, asJSON: json)
        if report.failed > 0 { throw ExitCode(1) }
    }

    /// With a relay on a thread of its own between the clients and the server.
    private func relayed(_ load: inout TFTPStorm.Load) throws -> TFTPStormReport {
        let waker = try Waker()
        let weather = TFTPRelay.Weather(loss: loss, reordering: reordering)
        let near = IPv4Endpoint(IPv4Address(value: 0x7f00_0001), port: 6969)
        let far = load.server
        // A request to a port that is not open yet is lost, which costs a client its time-out.
        let isOpen = DispatchSemaphore(value: 0)
        let thread = try LoopThread(name: "relay", waker: waker) {
            do {
                defer { isOpen.signal() }
                var relay = try TFTPRelay(at: near, to: far, weather, seed: 1, waker: waker)
                isOpen.signal()
                try relay.run()
            } catch {
                FileHandle.standardError.write(Data("the relay ended: \(error)\n".utf8))
            }
        }
        defer { thread.stop() }
        isOpen.wait()
        load.server = near
        var storm = try TFTPStorm(load)
        return try storm.run()
    }

    private var addresses: [IPv4Address]? {
        guard let ends = sources?.split(separator: "-").compactMap({ IPv4Address($0) }), ends.count == 2,
            ends[0] <= ends[1], ends[1].value - ends[0].value < 4096
        else { return nil }
        return (ends[0].value...ends[1].value).map { IPv4Address(value: $0) }
    }
}
