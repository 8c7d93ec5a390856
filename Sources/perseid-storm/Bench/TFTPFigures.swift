import Foundation

extension TFTPRace {
    /// One line a server.
    static func table(_ rows: [Row]) -> String {
        var lines = [
            "server      lockstep MB/s   CPU ns/byte   window 16 MB/s   CPU ns/byte   clients   all MB/s   failed   MB"
        ]
        for row in rows {
            let cells: [String] = [
                pad(row.name, 10), pad(text(row.lockstep), -15), pad(text(row.lockstepCost), -14),
                pad(text(row.windowed), -17), pad(text(row.windowedCost), -14), pad("\(row.clients)", -10),
                pad(text(row.crowd), -11), pad("\(row.crowdFailed)", -9), pad(text(row.memory), -7),
            ]
            lines.append(cells.joined())
        }
        return lines.joined(separator: "\n")
    }

    /// What the race is to show of ours.
    static func figures(peers: [Row], ours: Row) -> [Figure] {
        let lockstep = peers.map(\.lockstep).max() ?? 0
        // By the byte, of those that sent any.
        let cost = peers.filter { $0.lockstep > 0 }.map(\.lockstepCost).min() ?? 0
        let windowed = peers.first { $0.name == "atftpd" }?.windowed ?? 0
        let crowd = peers.map(\.crowd).max() ?? 0
        return [
            Figure(
                name: "one client in lockstep", wanted: "no slower than the best peer",
                measured: "\(text(ours.lockstep)) to \(text(lockstep)) MB/s", isReached: ours.lockstep >= lockstep),
            Figure(
                name: "CPU per byte in lockstep", wanted: "at most half of the best peer's",
                measured: "\(text(ours.lockstepCost)) to \(text(cost)) ns",
                isReached: ours.lockstep > 0 && ours.lockstepCost <= cost / 2),
            Figure(
                name: "windowsize 16 against lockstep", wanted: "at least 10 x the best peer's lockstep",
                measured: "\(text(ours.windowed / max(lockstep, 0.001))) x", isReached: ours.windowed >= 10 * lockstep),
            Figure(
                name: "windowsize 16 against atftpd", wanted: "at least 3 x atftpd's with that window",
                measured: "\(text(ours.windowed / max(windowed, 0.001))) x",
                isReached: windowed > 0 && ours.windowed >= 3 * windowed),
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
