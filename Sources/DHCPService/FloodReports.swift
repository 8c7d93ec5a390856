import BootProtocols

/// Which machines an event is due for, because messages of theirs were dropped. Bounded: whoever comes while it is full
/// is dropped without one.
struct FloodReports: Sendable {
    private static let capacity = 256
    private var due: [MACAddress: Int64] = [:]
    private var next: Int64 = .max

    /// A second after the first message was dropped, so that the event counts them.
    mutating func note(_ mac: MACAddress, _ pace: ClientPace, at now: Int64) {
        guard pace.dropped == 1, due.count < Self.capacity else { return }
        let time = pace.reportDue(at: now)
        due[mac] = time
        next = min(next, time)
    }

    func areDue(at now: Int64) -> Bool { now >= next }

    /// The machines that an event is due for now.
    mutating func takeDue(at now: Int64) -> [MACAddress] {
        let macs = due.filter { $0.value <= now }.keys.sorted()
        for mac in macs { due[mac] = nil }
        next = due.values.min() ?? .max
        return macs
    }
}
