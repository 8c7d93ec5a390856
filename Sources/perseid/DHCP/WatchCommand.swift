import ArgumentParser
import ControlPlane
import Foundation

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows packets and events of the running server as they come.",
        discussion: """
            One line for each packet of DHCP, PXE, TFTP requests and ARP, and for each event, until Ctrl-C.

            Examples:
              perseid dhcp watch
              perseid dhcp watch --node n001
              perseid dhcp watch --json | jq -r .text
            """)

    @OptionGroup var state: StateOption
    @Option(help: "One node alone, by name or MAC address.")
    var node: String?
    @Flag(help: "For programs: one JSON object a line.")
    var json = false

    func run() async throws {
        let client = state.daemon()
        let query =
            node.map { "?node=" + ($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? $0) } ?? ""
        let (printed, json) = (LineOutput(), json)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for resource in ["/api/v1/packets", "/api/v1/events"] {
                group.addTask {
                    try await client.lines(resource + query) { line in
                        printed.write(line, json: json)
                        return true
                    }
                }
            }
            // The first stream that ends ends the other: the server has stopped.
            try await group.next()
            group.cancelAll()
        }
        note("the server has stopped")
    }
}

/// Whole lines at once, from two streams.
private struct LineOutput: Sendable {
    func write(_ line: WatchLine, json: Bool) {
        let text = json ? (try? JSONEncoder().encode(line)).map { String(decoding: $0, as: UTF8.self) } : plain(line)
        FileHandle.standardOutput.write(Data(((text ?? "") + "\n").utf8))
    }

    private func plain(_ line: WatchLine) -> String {
        let seconds = Double(line.at) / 1000
        var time = time_t(seconds)
        var parts = tm()
        localtime_r(&time, &parts)
        let clock = String(
            format: "%02d:%02d:%02d.%03d", parts.tm_hour, parts.tm_min, parts.tm_sec, Int(line.at % 1000))
        return "\(clock)  \(line.kind == .event ? "*" : " ") \(line.node ?? line.mac)  \(line.text)"
    }
}
