import Administration
import BootMachine
import NodeLists

/// What `perseid watch` knows of the nodes, from one look to the next. A value without a terminal.
struct WatchBoard {
    private struct Entry {
        var status: StatusResource
        var seenAt: Int64
        /// Bytes a second since the look before.
        var rate: Double?
    }

    private var entries: [String: Entry] = [:]

    /// Takes in a look at `now`, milliseconds since 1970.
    /// - Returns: the names of the nodes whose state, step or per cent are new, by name.
    mutating func update(_ found: [StatusResource], at now: Int64) -> [String] {
        var changed: [String] = []
        var next: [String: Entry] = [:]
        for status in found {
            let before = entries[status.name]
            var entry = Entry(status: status, seenAt: now, rate: nil)
            if let before, before.status.attempt == status.attempt, let old = before.status.bytes,
                let new = status.bytes, new >= old, now > before.seenAt, status.state == .provisioning
            {
                entry.rate = Double(new - old) * 1000 / Double(now - before.seenAt)
            }
            let isSame =
                before.map {
                    $0.status.state == status.state && $0.status.detail == status.detail
                        && $0.status.percent == status.percent
                } ?? false
            if !isSame { changed.append(status.name) }
            next[status.name] = entry
        }
        entries = next
        return changed
    }

    /// One line of a log.
    func line(of name: String, at now: Int64) -> String {
        guard let entry = entries[name] else { return name }
        return ([name] + cells(entry, at: now)).joined(separator: "  ")
    }

    /// The whole screen, with the escapes of ECMA-48 that clear it and put the cursor home.
    func screen(_ order: WatchNodesCommand.Order, at now: Int64, size: (rows: Int, columns: Int)) -> String {
        let sorted = entries.sorted { one, other in precedes(one.value, other.value, order) }
        let room = max(1, size.rows - 3)
        var rows = [["NAME", "STATE", "%", "RATE", "SEEN", "STEP"]]
        for (name, entry) in sorted.prefix(room) { rows.append([name] + cells(entry, at: now)) }
        let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = [heading]
        for row in rows {
            let padded = zip(row.prefix(5), widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            lines.append((padded + row.suffix(1)).joined(separator: "  "))
        }
        if sorted.count > room { lines.append("… and \(sorted.count - room) more") }
        // No line feed behind the last line: on a full screen it would push the first one out.
        let clipped = lines.map { $0.prefix(size.columns) + "\u{1b}[K" }
        return "\u{1b}[H" + clipped.joined(separator: "\n") + "\u{1b}[J"
    }

    /// How many nodes are in each state.
    private var heading: String {
        let counts = NodeState.allCases.compactMap { state -> String? in
            let count = entries.values.count { $0.status.state == state }
            return count == 0 ? nil : "\(count) \(state.rawValue)"
        }
        return "\(entries.count) nodes: \(counts.joined(separator: ", "))"
    }

    private func cells(_ entry: Entry, at now: Int64) -> [String] {
        let status = entry.status
        return [
            status.state.rawValue, status.percent.map { "\($0)" } ?? "-",
            entry.rate.map { "\(Int($0 / 1_000_000)) MB/s" } ?? "-",
            status.lastSeen.map { Age.text(now - $0) } ?? "-", status.detail ?? "",
        ]
    }

    private func precedes(_ one: Entry, _ other: Entry, _ order: WatchNodesCommand.Order) -> Bool {
        let (a, b) = (one.status, other.status)
        switch order {
        case .name: return a.name < b.name
        case .state:
            let (first, second) = (Self.urgency(a.state), Self.urgency(b.state))
            return first == second ? a.name < b.name : first < second
        case .percent: return (a.percent ?? -1, b.name) > (b.percent ?? -1, a.name)
        case .rate: return (one.rate ?? -1, b.name) > (other.rate ?? -1, a.name)
        case .age: return (a.lastSeen ?? .max, a.name) < (b.lastSeen ?? .max, b.name)
        }
    }

    /// What wants looking at comes first.
    private static func urgency(_ state: NodeState) -> Int {
        switch state {
        case .failed: 0
        case .silent: 1
        case .handoff: 2
        case .provisioning: 3
        case .`init`: 4
        case .loader: 5
        case .netboot: 6
        case .new: 7
        case .registered: 8
        case .ready: 9
        }
    }
}
