import BootLab

/// The same load against each server in turn, faster until it loses 1 %.
struct PeerRace: Sendable {
    struct Row: Hashable, Sendable {
        var name: String
        /// Exchanges per second at under 1 % loss.
        var best = 0.0
        /// Of the server, in microseconds per exchange at that rate.
        var processorTime = 0.0
    }

    let network: StormNetwork
    let directory: LabDirectory
    /// Of each run.
    let seconds: Int
    /// Runs of each rate: the one in the middle by its loss tells whether the server kept up, and of those that kept up
    /// the one counts in which the generator, which shares the processors, was fastest.
    let rounds: Int
    let say: @Sendable (String) -> Void

    func row(of contender: DHCPContender) async throws -> Row {
        try await contender.serving(network, directory) { try await climb(contender, $0) }
    }

    /// Half as fast again until it fails, or half as fast until it does not; then between the two until they are close.
    private func climb(_ contender: DHCPContender, _ process: ServerProcess) async throws -> Row {
        var best = Row(name: contender.name)
        var good: Int?
        var bad: Int?
        var rate = contender.firstRate
        while (10..<100_000).contains(rate) {
            let (row, isGood) = try await step(rate, contender.name, process)
            if isGood, row.best > best.best { best = row }
            if isGood { good = max(good ?? 0, rate) } else { bad = min(bad ?? rate, rate) }
            // The generator can do no more.
            if isGood, row.best < Double(rate) * 0.9 { break }
            guard let failed = bad else {
                rate = rate * 3 / 2
                continue
            }
            guard let passed = good else {
                rate /= 2
                continue
            }
            guard failed - passed > passed / 8 else { break }
            rate = (passed + failed) / 2
        }
        return best
    }

    /// The row that this rate makes, and whether the server kept up.
    private func step(_ rate: Int, _ name: String, _ process: ServerProcess) async throws -> (Row, isGood: Bool) {
        var runs: [(row: Row, loss: Double)] = []
        for _ in 0..<max(1, rounds) { runs.append(try await run(rate, name, process)) }
        let sorted = runs.sorted { $0.loss < $1.loss }
        let middle = sorted[(sorted.count - 1) / 2]
        let fastest = sorted.filter { $0.loss < 1 }.max { $0.row.best < $1.row.best } ?? middle
        return (fastest.row, middle.loss < 1)
    }

    private func run(_ rate: Int, _ name: String, _ process: ServerProcess) async throws -> (row: Row, loss: Double) {
        let before = process.processorSeconds
        let result = try await PerfDHCP.run(rate: rate, seconds: seconds, at: network)
        let used = process.processorSeconds - before
        let loss = (result.lossPercent * 100).rounded() / 100
        say("  \(name), \(rate)/s offered: \(Int(result.perSecond))/s answered, \(loss) % lost")
        let time = used / Double(max(1, result.completed)) * 1e6
        return (Row(name: name, best: result.perSecond, processorTime: time), result.lossPercent)
    }
}
