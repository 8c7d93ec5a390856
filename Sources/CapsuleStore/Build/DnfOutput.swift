/// What dnf 4 prints where it has no terminal: how far it is, and what an error should quote.
struct DnfOutput {
    enum Use: Hashable {
        case progress
        /// Worth nothing to an error.
        case noise
        case message
    }

    /// Bytes of the root that are done.
    private(set) var done: Int64 = 0
    /// Bytes that the root will take; nil before dnf has said so.
    private(set) var total: Int64?
    /// Packages are fetched, which counts for half, where they are not on this host.
    private var fetches = false
    /// dnf says all settings of a repository whose keys are missing, one a line.
    private var inSettings = false

    mutating func read(_ line: String) -> Use {
        if line.hasPrefix("Problem repository:") {
            inSettings = true
            return .message
        }
        if inSettings { return .noise }
        if line.hasPrefix("Installed size: ") {
            total = Self.bytes(line.dropFirst("Installed size: ".count))
            return .progress
        }
        if line.hasPrefix("("), let step = Self.step(line.dropFirst().prefix { $0 != ")" }) {
            fetches = true
            return count(step, half: 0)
        }
        let line = line.drop { $0 == " " }
        if line.hasPrefix("Installing "), line.contains(" : "), let last = line.split(separator: " ").last,
            let step = Self.step(last)
        {
            return count(step, half: 1)
        }
        return line.hasPrefix("Verifying ") || line.hasPrefix("Running scriptlet") ? .noise : .message
    }

    private mutating func count(_ step: Double, half: Double) -> Use {
        guard let total else { return .noise }
        let share = fetches ? (half + step) / 2 : step
        // Never back: names of several packages are printed as they arrive.
        done = max(done, Int64(Double(total) * share))
        return .progress
    }

    /// `3/20` as a share of one.
    private static func step(_ text: Substring) -> Double? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]), count > 0,
            (0...count).contains(number)
        else { return nil }
        return Double(number) / Double(count)
    }

    /// `1.9 M` in bytes, at most 1 PB.
    private static func bytes(_ text: Substring) -> Int64? {
        let words = text.split(separator: " ")
        let units = ["k": 1024.0, "M": 1_048_576, "G": 1_073_741_824, "T": 1_099_511_627_776]
        guard let first = words.first, let value = Double(first), value >= 0 else { return nil }
        let scale = words.count > 1 ? units[String(words[1])] : 1
        guard let scale, value * scale < 1e15 else { return nil }
        return Int64(value * scale)
    }
}
