import BootLab
import Foundation
import StormKit

/// The same ranges of the same bundles from each HTTP server in turn, over the same cable, by the same generator. All
/// servers run all the time, but only one has work.
struct HTTPRace: Sendable {
    /// One load of one server.
    struct Run: Hashable, Sendable {
        /// 10^9 bytes per second, and per second of the server's processors.
        var speed: Double
        var economy: Double
        var failed: Int
    }

    /// What one server showed with so many connections, each value the middle one of all rounds.
    struct Row: Hashable, Sendable {
        var name: String
        var connections: Int
        var speed: Double
        var economy: Double
        /// Requests of all rounds.
        var failed: Int
    }

    let network: StormNetwork
    /// This program, which is the client too.
    let generator: String
    /// Paths of the bundles, all of one size in bytes.
    let paths: [String]
    let size: Int
    /// Of each run.
    let seconds: Int
    let rounds: Int
    let say: @Sendable (String) -> Void

    /// Who was last in one round is first in the next: what a run leaves behind in the kernel favours nobody.
    func rows(of contenders: [HTTPContender], connections: Int) async throws -> [Row] {
        var runs: [String: [Run]] = [:]
        for round in 0..<rounds {
            for contender in round.isMultiple(of: 2) ? contenders : contenders.reversed() {
                let run = try await measure(contender, connections)
                say(
                    "  \(connections) connections, \(contender.name): \(decimal(run.speed)) GB/s, "
                        + "\(decimal(run.economy)) GB per CPU second, \(run.failed) failed")
                runs[contender.name, default: []].append(run)
            }
        }
        return contenders.map { contender in
            let own = runs[contender.name] ?? []
            return Row(
                name: contender.name, connections: connections, speed: Self.median(own.map(\.speed)),
                economy: Self.median(own.map(\.economy)), failed: own.map(\.failed).reduce(0, +))
        }
    }

    private func measure(_ contender: HTTPContender, _ connections: Int) async throws -> Run {
        let before = contender.processorSeconds
        let report = try await load(contender, ["--connections", "\(connections)", "--seconds", "\(seconds)"])
        let used = contender.processorSeconds - before
        return Run(
            speed: report.megabytesPerSecond / 1000, economy: used > 0 ? Double(report.bytes) / used / 1e9 : 0,
            failed: report.failed)
    }

    /// Clients that all want the same chunks in the same order at once.
    func crowd(_ contender: HTTPContender, clients: Int) async throws -> HTTPReport {
        try await load(
            contender, ["--connections", "\(clients)", "--once", "--together", "--limit", "100"], paths: 1)
    }

    /// Lets the server work for a moment, so that its memory is that of a server at work.
    func warmUp(_ contender: HTTPContender) async throws {
        _ = try await load(contender, ["--connections", "16", "--seconds", "1"])
    }

    /// Memory of a server in bytes per connection.
    struct Footprint: Hashable, Sendable {
        /// Resident memory of its processes.
        var resident: Double
        /// TCP buffers in the kernel, of both ends of the connection.
        var kernel: Double
    }

    /// What `connections` cost that got one range and ask for no more, or that asked for 1 MiB and hardly read.
    func footprint(of contender: HTTPContender, stalled: Bool, connections: Int) async throws -> Footprint {
        let idle = ["--hold", "--range", "4096"]
        let shape = stalled ? ["--slow", "\(connections)", "--slow-rate", "50"] : idle
        let words = ["--connections", "\(connections)", "--seconds", "6", "--patience", "60"] + shape
        let before = (contender.memory, Self.kernelBuffers)
        async let load = load(contender, words)
        try await Task.sleep(for: .seconds(4))
        let during = (contender.memory, Self.kernelBuffers)
        _ = try await load
        let count = Double(connections)
        return Footprint(resident: (during.0 - before.0) * 1e6 / count, kernel: (during.1 - before.1) / count)
    }

    /// Bytes: proc(5), `mem` of TCP in sockstat, in pages.
    private static var kernelBuffers: Double {
        let text = (try? String(contentsOfFile: "/proc/net/sockstat", encoding: .utf8)) ?? ""
        let words = text.split(separator: "\n").first { $0.hasPrefix("TCP:") }?.split(separator: " ") ?? []
        guard let pages = words.last.flatMap({ Double($0) }) else { return 0 }
        return pages * 4096
    }

    private func load(_ contender: HTTPContender, _ arguments: [String], paths count: Int? = nil) async throws
        -> HTTPReport
    {
        var words = ["http", "--server", "\(network.server)", "--port", "\(contender.port)", "--json"]
        words += ["--size", "\(size)"] + paths.prefix(count ?? paths.count).flatMap { ["--path", $0] }
        if let file = contender.tokenFile { words += ["--token-file", file] }
        let output: String
        do {
            output = try await network.atLoad(generator, words + arguments).run()
        } catch {
            // Status 1: requests failed, which is what is measured.
            guard case .programFailed(_, _, let text) = error, text.hasPrefix("{") else { throw error }
            output = text
        }
        return try JSONDecoder().decode(HTTPReport.self, from: Data(output.utf8))
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
    }
}

/// Two digits after the point.
func decimal(_ value: Double) -> String { String(format: "%.2f", value) }
