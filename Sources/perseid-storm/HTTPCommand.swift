import ArgumentParser
import BootProtocols
import Foundation
import PacketIO
import StormKit

struct HTTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "http", abstract: "Fetches ranges of files from an HTTP server with many clients at once.",
        discussion: """
            Each client has one connection and asks for the ranges of all paths, one after the other, as an agent does \
            with bundles: for --seconds, or with --once until it has all of them. A 503 is asked again after the time \
            that its Retry-After names. Ends with status 1 if any request failed.

            Runs in the lab alone, that is inside `perseid-storm bench`, unless --anywhere says that you mean this server.

            Example: perseid-storm http --anywhere --server 10.0.0.1 --port 8987 --token-file token \
            --path /node/v1/bundles/ID --size 16777216 --connections 1000
            """)

    @Option(help: "The server's address.")
    var server: IPv4Address
    @Option(help: "Its TCP port.")
    var port: UInt16 = 8987
    @Option(help: "A file to fetch; may be given several times.")
    var path: [String]
    @Option(help: "Bytes of each file.")
    var size: Int64
    @Option(help: "Bytes of each range, 1 to 2^31.")
    var range: Int64 = 1 << 20
    @Option(help: "A file with the bearer token to send.")
    var tokenFile: String?
    @Option(help: "Clients, 1 to 20000.")
    var connections = 1
    @Option(help: "For how long, 0.1 to 3600.")
    var seconds = 5.0
    @Flag(help: "Until each client has all ranges once, not for a time.")
    var once = false
    @Flag(help: "All begin with the same range.")
    var together = false
    @Flag(help: "A connection for each request.")
    var close = false
    @Option(help: "Of the clients, so many read --slow-rate bytes a second.")
    var slow = 0
    @Option(help: "Bytes a second of slow clients, 50 to 1000000.")
    var slowRate = 20_000
    @Flag(help: "Keep the connection after one range, and ask for no more.")
    var hold = false
    @Option(help: "Seconds without a byte after which an answer counts as lost, 0.1 to 3600.")
    var patience = 10.0
    @Option(help: "Seconds after which the run ends in any case, 1 to 86400.")
    var limit = 120.0
    @Option(help: "Threads of the generator, 1 to 64.")
    var threads = 1
    @Flag(help: "Copy what arrives, in place of having the kernel throw it away.")
    var copy = false
    @Flag(help: "Load this server although this is no lab.")
    var anywhere = false
    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        try check(!path.isEmpty && path.allSatisfy { $0.hasPrefix("/") }, "--path begins with a slash")
        try check((1...1 << 40).contains(size), "--size is 1 to 2^40")
        try check((1...1 << 31).contains(range), "--range is 1 to 2^31")
        try check((1...20_000).contains(connections), "--connections is 1 to 20000")
        try check((0.1...3600).contains(seconds), "--seconds is 0.1 to 3600")
        try check((0...connections).contains(slow), "--slow is at most --connections")
        try check((50...1_000_000).contains(slowRate), "--slow-rate is 50 to 1000000")
        try check((0.1...3600).contains(patience), "--patience is 0.1 to 3600")
        try check((1...86_400).contains(limit), "--limit is 1 to 86400")
        try check((1...64).contains(threads), "--threads is 1 to 64")
        try check(
            HTTPLoad.pieces(of: path, size: size, length: range).count <= 1_000_000, "at most 1000000 ranges in all")
    }

    func run() throws {
        if !anywhere { _ = try StormLab.interface(given: nil) }
        raiseDescriptorLimit()
        var load = HTTPLoad(
            server: IPv4Endpoint(server, port: port), pieces: HTTPLoad.pieces(of: path, size: size, length: range))
        if let tokenFile {
            let text = try String(contentsOfFile: tokenFile, encoding: .utf8)
            load.authorization = "Bearer " + text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        load.connections = connections
        load.end = once ? .once : .seconds(seconds)
        load.keepsAlive = !close
        load.isSynchronous = together
        load.slowReaders = slow
        load.slowBytesPerSecond = slowRate
        load.holds = hold
        load.patience = patience
        load.copies = copy
        load.limit = limit
        let report = try HTTPStorm(load, threads: threads).run()
        try show(report, report.text, asJSON: json)
        if report.failed > 0 { throw ExitCode(1) }
    }
}
