/// The times of a race, and what they say.
public struct BenchReport: Sendable {
    /// In the order of the table; the first is measured against the second.
    public let contenders: [String]
    private var times: [Key: [Duration]] = [:]
    private var firmwares: [Firmware] = []

    private struct Key: Hashable {
        var firmware: Firmware
        var contender: String
    }

    public init(contenders: [String]) {
        self.contenders = contenders
    }

    public mutating func add(_ time: Duration, firmware: Firmware, contender: String) {
        if !firmwares.contains(firmware) { firmwares.append(firmware) }
        times[Key(firmware: firmware, contender: contender), default: []].append(time)
    }

    /// The middle one of the times, the earlier of two; nil without any.
    public func median(_ firmware: Firmware, _ contender: String) -> Duration? {
        let sorted = (times[Key(firmware: firmware, contender: contender)] ?? []).sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
    }

    /// How many firmwares the first contender boots no slower than the second, and of how many.
    public var figures: (reached: Int, of: Int) {
        let reached = firmwares.filter { (ratio($0, contenders.first) ?? .infinity) <= 1 }
        return (reached.count, firmwares.count)
    }

    /// The medians by firmware and contender, best times behind them, ratios to the second contender, and as the last
    /// line `bench boot: K of M figures reached`.
    public var text: String {
        var lines = [row("firmware", "server", "median s", "best s", "boots", "ratio")]
        for firmware in firmwares {
            for contender in contenders {
                let all = times[Key(firmware: firmware, contender: contender)] ?? []
                lines.append(
                    row(
                        firmware.rawValue, contender, median(firmware, contender).map(Self.seconds) ?? "-",
                        all.min().map(Self.seconds) ?? "-", "\(all.count)",
                        ratio(firmware, contender).map(Self.decimal) ?? "-"))
            }
        }
        lines.append("bench boot: \(figures.reached) of \(figures.of) figures reached")
        return lines.joined(separator: "\n")
    }

    /// Seconds with two decimals.
    public static func seconds(_ duration: Duration) -> String { decimal(duration / .seconds(1)) }

    private func ratio(_ firmware: Firmware, _ contender: String?) -> Double? {
        guard contenders.count > 1, let contender, let own = median(firmware, contender),
            let yardstick = median(firmware, contenders[1]), yardstick > .zero
        else { return nil }
        return own / yardstick
    }

    private static func decimal(_ value: Double) -> String {
        let hundredths = Int((max(0, min(value, 1e9)) * 100).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }

    private func row(_ cells: String...) -> String {
        let widths = [10, 16, 10, 8, 7, 6]
        return zip(cells, widths).enumerated().map { index, cell in
            let gap = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index < 2 ? cell.0 + gap : gap + cell.0
        }.joined()
    }
}
