import BootLab
import Foundation
import StormKit

/// Perseid under its own generator: what perfdhcp cannot offer.
struct OwnFigures: Sendable {
    let network: StormNetwork
    let directory: LabDirectory
    /// `perseid` and this program.
    let perseid: String
    let generator: String
    let stage1: String
    /// Runs of each rate; the middle one counts.
    let rounds: Int
    let say: @Sendable (String) -> Void

    func measure() async throws -> [Figure] {
        var figures: [Figure] = []
        figures += try await server().serving(network, directory) { _ in try await rates() }
        figures += try await server().serving(network, directory) { _ in try await powerOn() }
        return figures + (try await manyLeases())
    }

    private func server(isFresh: Bool = true) -> DHCPContender {
        .perseid(perseid, stage1: stage1, isFresh: isFresh)
    }

    private func rates() async throws -> [Figure] {
        let flatOut = try await storm(["--load", "flat-out", "--in-flight", "512", "--seconds", "5"], seed: 0)
        say("  flat out: \(Int(flatOut.answeredPerSecond)) DORA/s, p99 \(flatOut.exchange.p99) ms")
        let full = try await median(of: 30_000, firstSeed: 10) { $0.answeredPerSecond }
        let half = try await median(of: 15_000, firstSeed: 50) { $0.exchange.p99 }
        return [
            Figure(
                name: "durable DORA on all cores", wanted: "30000/s at under 1 % loss",
                measured:
                    "\(Int(full.answeredPerSecond))/s, \(full.lossPercent) % lost; flat out \(Int(flatOut.answeredPerSecond))/s",
                isReached: full.answeredPerSecond >= 29_700 && full.lossPercent < 1),
            Figure(
                name: "latency at 15000 DORA/s", wanted: "p99 under 5 ms",
                measured: "p50 \(half.exchange.p50) ms, p99 \(half.exchange.p99) ms, \(half.lossPercent) % lost",
                isReached: half.exchange.p99 < 5 && half.lossPercent < 1),
        ]
    }

    private func median(
        of rate: Int, firstSeed: Int, by value: (StormReport) -> Double
    ) async throws -> StormReport {
        var reports: [StormReport] = []
        for round in 0..<max(1, rounds) {
            let report = try await storm(
                ["--load", "leases", "--rate", "\(rate)", "--seconds", "4", "--nodes", "\(rate * 4)"],
                seed: firstSeed + round)
            say(
                "  \(rate)/s offered: \(Int(report.answeredPerSecond))/s, p50 \(report.exchange.p50) ms,"
                    + " p99 \(report.exchange.p99) ms (OFFER \(report.offer.p99), ACK \(report.acknowledgement.p99),"
                    + " the generator's own lag \(report.lag.p99)), longest \(report.exchange.max) ms")
            reports.append(report)
        }
        return reports.sorted { value($0) < value($1) }[(reports.count - 1) / 2]
    }

    private func powerOn() async throws -> [Figure] {
        let report = try await storm(
            ["--load", "power-on", "--nodes", "10000", "--seconds", "1", "--shape", "pxe", "--limit", "60"], seed: 90)
        return [
            Figure(
                name: "10000 nodes switched on within 1 s", wanted: "all ACKed in under 3 s",
                measured: "\(report.completed) ACKed, the last after \(report.seconds) s",
                isReached: report.completed == 10_000 && report.seconds < 3),
            Figure(
                name: "addresses given twice", wanted: "none, and no wrong answer",
                measured: "\(report.givenTwice), and \(report.wrong) wrong answers",
                isReached: report.completed == 10_000 && report.givenTwice == 0 && report.wrong == 0),
        ]
    }

    private func manyLeases() async throws -> [Figure] {
        let got = try await server().serving(network, directory) { _ in
            try await storm(["--load", "power-on", "--nodes", "100000", "--seconds", "10"], seed: 91).completed
        }
        let began = ContinuousClock.now
        let (memory, start) = try await server(isFresh: false).serving(network, directory) { process in
            (process.memory, ContinuousClock.now - began)
        }
        let elapsed: Double = start / Duration.seconds(1)
        let seconds = (elapsed * 100).rounded() / 100
        return [
            Figure(
                name: "memory with 100000 leases", wanted: "under 100 MB", measured: "\(Int(memory)) MB, \(got) leases",
                isReached: memory < 100 && got == 100_000),
            Figure(
                name: "start with 100000 leases", wanted: "under 1 s", measured: "\(seconds) s",
                isReached: seconds < 1 && got == 100_000),
        ]
    }

    private func storm(_ arguments: [String], seed: Int) async throws -> StormReport {
        let words = ["dhcp", "--server", "\(network.server)", "--seed", "\(seed)", "--json"]
        let output = try await network.atLoad(generator, words + arguments).run()
        return try JSONDecoder().decode(StormReport.self, from: Data(output.utf8))
    }
}
