import BootLab
import BootProtocols
import Foundation
import StormKit

/// The same files from each TFTP server in turn, over the same cable, to the same clients.
struct TFTPRace: Sendable {
    /// MB/s and CPU nanoseconds of the server per byte, one client.
    struct Single: Hashable, Sendable {
        var lockstep = 0.0
        var lockstepCost = 0.0
        var windowed = 0.0
        var windowedCost = 0.0
    }

    struct Row: Hashable, Sendable {
        var name: String
        /// The client is held to one processor, on which the server's packets then come in, as those of a network card
        /// do; servers run where they and the kernel choose.
        var held = Single()
        /// The kernel puts the client on whichever processor is idle, so away from the server's at every packet.
        var free = Single()
        /// Many clients at once.
        var clients = 0
        var crowd = 0.0
        var crowdFailed = 0
        /// Resident memory in MB after the crowd.
        var memory = 0.0
    }

    let network: StormNetwork
    let directory: LabDirectory
    /// This program, which is the client too.
    let generator: String
    let say: @Sendable (String) -> Void

    func row(of contender: TFTPContender) async throws -> Row {
        say("  \(contender.name): \(contender.program.commandLine)")
        var row = Row(name: contender.name)
        row = try await contender.serving(directory) { [row] _, account in
            var row = row
            row.held = try await single(account, isHeld: true)
            row.free = try await single(account, isHeld: false)
            return row
        }
        // A server that has just started: what it did for one client is not in its memory.
        return try await contender.serving(directory) { [row] process, _ in try await crowd(contender, row, process) }
    }

    private func single(_ account: ProcessorAccount, isHeld: Bool) async throws -> Single {
        var result = Single()
        (result.lockstep, result.lockstepCost) = try await single(account, 1, "20m.img", isHeld)
        (result.windowed, result.windowedCost) = try await single(account, 16, "200m.img", isHeld)
        return result
    }

    /// One client, three times; the middle one counts.
    private func single(
        _ account: ProcessorAccount, _ window: Int, _ file: String, _ isHeld: Bool
    ) async throws -> (speed: Double, cost: Double) {
        var runs: [(speed: Double, cost: Double)] = []
        for _ in 0..<3 {
            let before = account.seconds
            let report = try await fetch(["--file", file, "--windowsize", "\(window)"], isHeld: isHeld)
            let used = account.seconds - before
            guard report.failed == 0 else { return (0, 0) }
            runs.append((report.megabytesPerSecond, used * 1e9 / Double(max(1, report.bytes))))
        }
        return runs.sorted { $0.speed < $1.speed }[1]
    }

    private func crowd(_ contender: TFTPContender, _ known: Row, _ process: ServerProcess) async throws -> Row {
        var row = known
        // With windows and without, for those that know them: what is faster counts.
        for window in contender.name == "perseid" ? [16] : contender.hasWindows ? [1, 16] : [1] {
            let report = try await fetch([
                "--file", "10m.img", "--windowsize", "\(window)", "--clients", "\(contender.clients)", "--sources",
                network.sources, "--limit", "100",
            ])
            say(
                "  \(contender.name), \(contender.clients) clients, windowsize \(window): "
                    + "\(report.megabytesPerSecond) MB/s, \(report.completed) whole, \(report.failed) failed, "
                    + "p50 \(report.p50) ms, p99 \(report.p99) ms")
            row.memory = max(row.memory, process.memory)
            guard report.megabytesPerSecond > row.crowd else { continue }
            row.clients = contender.clients
            row.crowd = report.megabytesPerSecond
            row.crowdFailed = report.failed
        }
        return row
    }

    /// Through the relay, without loss and with it.
    func weather(_ contender: TFTPContender) async throws -> [Figure] {
        try await contender.serving(directory) { _, _ in
            var figures: [Figure] = []
            for window in [1, 4, 16] {
                let base = ["--file", window == 1 ? "20m.img" : "50m.img", "--windowsize", "\(window)", "--relay"]
                let clear = try await fetch(base)
                let foul = try await fetch(base + ["--loss", "0.01", "--reordering", "0.02", "--rounds", "3"])
                let share = foul.megabytesPerSecond / max(clear.megabytesPerSecond, 0.001)
                figures.append(
                    Figure(
                        name: "1 % loss, 2 % reordering, windowsize \(window)",
                        wanted: "at least half of the loss-free throughput, no transfer fails",
                        measured:
                            "\(foul.megabytesPerSecond) of \(clear.megabytesPerSecond) MB/s, \(foul.failed) failed",
                        isReached: share >= 0.5 && foul.failed == 0 && clear.failed == 0))
            }
            return figures
        }
    }

    private func fetch(_ arguments: [String], isHeld: Bool = false) async throws -> TFTPStormReport {
        let words = ["tftp", "--server", "\(network.server)", "--json"] + arguments
        let program =
            isHeld
            ? network.atLoad("taskset", ["--cpu-list", "0", generator] + words, package: "util-linux")
            : network.atLoad(generator, words)
        let output: String
        do {
            output = try await program.run()
        } catch {
            // Status 1: transfers failed, which is what is measured.
            guard case .programFailed(_, _, let text) = error, text.contains("megabytesPerSecond") else { throw error }
            output = text
        }
        guard let start = output.firstIndex(of: "{") else { throw LabError.system("no report: \(output)") }
        return try JSONDecoder().decode(TFTPStormReport.self, from: Data(output[start...].utf8))
    }
}
