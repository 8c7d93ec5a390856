/// What a bench is to show, and what it showed.
struct Figure: Hashable, Sendable {
    var name: String
    var wanted: String
    var measured: String
    var isReached: Bool

    /// Each figure, those short of it by name, and as the last line `bench NAME: K of M figures reached`.
    static func summary(of figures: [Figure], bench: String) -> String {
        var lines = figures.map { figure in
            "\(figure.isReached ? "reached" : "SHORT  ")  \(figure.name): \(figure.measured) (wanted: \(figure.wanted))"
        }
        let short = figures.filter { !$0.isReached }
        if !short.isEmpty { lines.append("short: " + short.map(\.name).joined(separator: "; ")) }
        lines.append("bench \(bench): \(figures.count - short.count) of \(figures.count) figures reached")
        return lines.joined(separator: "\n")
    }
}

extension PeerRace {
    /// A table with ratios to the last row, which is ours.
    static func table(_ rows: [Row]) -> String {
        let ours = rows.last ?? Row(name: "")
        var lines = ["server      exchanges/s   perseid is   CPU µs/exchange   perseid needs"]
        for row in rows {
            let cells: [String] = [
                pad(row.name, 10), pad("\(Int(row.best))", -13), pad(ratio(ours.best, row.best) + " x", -13),
                pad("\(Int(row.processorTime.rounded()))", -18),
                pad(ratio(ours.processorTime, row.processorTime) + " x", -16),
            ]
            lines.append(cells.joined())
        }
        return lines.joined(separator: "\n")
    }

    /// What the race is to show of the last row.
    static func figures(kea: Row, dnsmasq: Row, perseid: Row) -> [Figure] {
        [
            Figure(
                name: "perfdhcp against Kea", wanted: "at least 2 x Kea memfile",
                measured: ratio(perseid.best, kea.best) + " x", isReached: perseid.best >= 2 * kea.best && kea.best > 0),
            Figure(
                name: "perfdhcp against dnsmasq", wanted: "at least 50 x dnsmasq",
                measured: ratio(perseid.best, dnsmasq.best) + " x",
                isReached: perseid.best >= 50 * dnsmasq.best && dnsmasq.best > 0),
            Figure(
                name: "CPU time per exchange", wanted: "at most 0.25 x Kea's",
                measured: ratio(perseid.processorTime, kea.processorTime) + " x",
                isReached: perseid.processorTime > 0 && perseid.processorTime <= kea.processorTime / 4),
        ]
    }

    private static func ratio(_ left: Double, _ right: Double) -> String {
        guard right > 0 else { return "-" }
        let hundredths = (left / right * 100).rounded() / 100
        return "\(hundredths)"
    }

    /// Left-aligned in `width`, right-aligned where that is negative.
    private static func pad(_ text: String, _ width: Int) -> String {
        let gap = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? gap + text : text + gap
    }
}
