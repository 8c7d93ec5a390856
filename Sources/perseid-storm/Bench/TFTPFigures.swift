import Foundation

extension TFTPRace {
    /// What one client gets, then what many do: a line a server.
    static func table(_ rows: [Row]) -> String {
        let singles = [
            ("one client, held to processor 0", rows.map(\.held)), ("one client, not held", rows.map(\.free)),
        ]
        var lines: [String] = []
        for (title, kind) in singles {
            lines += [title, "server      lockstep MB/s   CPU ns/byte   window 16 MB/s   CPU ns/byte"]
            for (row, single) in zip(rows, kind) {
                let cells: [String] = [
                    pad(row.name, 10), pad(text(single.lockstep), -15), pad(text(single.lockstepCost), -14),
                    pad(text(single.windowed), -17), pad(text(single.windowedCost), -14),
                ]
                lines.append(cells.joined())
            }
        }
        lines += ["many clients", "server      clients   all MB/s   failed   MB"]
        for row in rows {
            let cells: [String] = [
                pad(row.name, 10), pad("\(row.clients)", -9), pad(text(row.crowd), -11),
                pad("\(row.crowdFailed)", -9), pad(text(row.memory), -7),
            ]
            lines.append(cells.joined())
        }
        return lines.joined(separator: "\n")
    }

    /// What the race is to show of ours.
    static func figures(peers: [Row], ours: Row) -> [Figure] {
        let lockstep = peers.map(\.held.lockstep).max() ?? 0
        // By the byte, of those that sent any.
        let cost = peers.filter { $0.held.lockstep > 0 }.map(\.held.lockstepCost).min() ?? 0
        let windowed = peers.first { $0.name == "atftpd" }?.held.windowed ?? 0
        let crowd = peers.map(\.crowd).max() ?? 0
        return [
            Figure(
                name: "one client in lockstep, client held", wanted: "no slower than the best peer",
                measured: "\(text(ours.held.lockstep)) to \(text(lockstep)) MB/s",
                isReached: ours.held.lockstep >= lockstep),
            Figure(
                name: "CPU per byte in lockstep, client held", wanted: "at most half of the best peer's",
                measured: "\(text(ours.held.lockstepCost)) to \(text(cost)) ns",
                isReached: ours.held.lockstep > 0 && ours.held.lockstepCost <= cost / 2),
            Figure(
                name: "windowsize 16 against lockstep, client held", wanted: "at least 10 x the best peer's lockstep",
                measured: "\(text(ours.held.windowed / max(lockstep, 0.001))) x",
                isReached: ours.held.windowed >= 10 * lockstep),
            Figure(
                name: "windowsize 16 against atftpd, client held", wanted: "at least 3 x atftpd's with that window",
                measured: "\(text(ours.held.windowed / max(windowed, 0.001))) x",
                isReached: windowed > 0 && ours.held.windowed >= 3 * windowed),
            Figure(
                name: "1000 clients at once, 10 MB each", wanted: "all finish",
                measured: "\(ours.crowdFailed) failed at \(text(ours.crowd)) MB/s",
                isReached: ours.clients == 1000 && ours.crowdFailed == 0 && ours.crowd > 0),
            Figure(
                name: "total throughput", wanted: "at least 3 x the best peer's with the clients that it carries",
                measured: "\(text(ours.crowd / max(crowd, 0.001))) x", isReached: crowd > 0 && ours.crowd >= 3 * crowd),
            Figure(
                name: "memory with 1000 clients", wanted: "under 60 MB", measured: "\(text(ours.memory)) MB",
                isReached: ours.memory > 0 && ours.memory < 60),
        ]
    }

    private static func text(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

    /// Left-aligned in `width`, right-aligned where that is negative.
    private static func pad(_ text: String, _ width: Int) -> String {
        let gap = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? gap + text : text + gap
    }
}
