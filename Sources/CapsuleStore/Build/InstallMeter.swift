/// How far mmdebstrap is, from what apt and dpkg print under it with `--verbose`.
///
/// It installs in two batches: what is essential, then the rest. Each is announced with the number of its packages and
/// the room that they take, and each package is fetched, unpacked, and set up: three steps that count alike.
struct InstallMeter {
    /// Bytes of the root that are done.
    private(set) var done: Int64 = 0
    /// Bytes that the root will take; nil before the second batch is announced.
    var total: Int64? { batches > 1 ? announced : nil }

    private var batches = 0
    private var announced: Int64 = 0
    private var packages: Int64 = 0
    /// Of the batch that is under way.
    private var size: Int64 = 0
    private var steps: Int64 = 0
    private var doneBefore: Int64 = 0

    private static let stepsOfPackage: Int64 = 3

    /// - Returns: whether the line changed anything.
    mutating func read(_ line: String) -> Bool {
        if line.hasPrefix("Unpacking ") || line.hasPrefix("Setting up ") { return step() }
        // `Get:` stands before lists of packages, too, which no batch has been announced for.
        if line.hasPrefix("Get:") { return step() }
        let words = line.split(separator: " ")
        if line.contains(" newly installed, "), let place = words.firstIndex(of: "newly"), place > 0 {
            packages = Int64(words[place - 1]) ?? 0
        } else if line.hasPrefix("After this operation, "), words.count > 4, let room = Self.bytes(words[3], words[4]) {
            begin(room)
            return true
        }
        return false
    }

    private mutating func begin(_ room: Int64) {
        // Whatever the batch before did not print counts as done with it.
        doneBefore = announced
        batches += 1
        announced += room
        size = room
        steps = 0
        done = doneBefore
    }

    private mutating func step() -> Bool {
        let all = packages * Self.stepsOfPackage
        guard batches > 0, steps < all else { return false }
        steps += 1
        done = doneBefore + size / all * steps
        return true
    }

    /// `72.5 MB`, `1,842 MB` in bytes, as apt writes them; at most 1 PB.
    private static func bytes(_ number: Substring, _ unit: Substring) -> Int64? {
        let units = ["B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9]
        guard let scale = units[String(unit)], let value = Double(number.filter { $0 != "," }), value >= 0,
            value * scale < 1e15
        else { return nil }
        return Int64(value * scale)
    }
}
