internal import BootProtocols

/// The addresses that are being asked about, and when each is to be asked about again. Bounded in number and in rate.
struct ProbeQueue {
    /// Asked this often, and heard this long after the last time, in milliseconds. RFC 5227, 1.1 has three probes in up
    /// to 7 s: a host that starts has that time, a machine that waits for its offer has not.
    private static let repeats = 2
    private static let interval: Int64 = 150
    private static let patience: Int64 = 2000
    /// Probes sent within `pace` milliseconds: 2,000 a second, 1 Mbit/s of broadcast.
    private static let burst = 20
    private static let pace: Int64 = 10
    private static let capacity = 8192
    /// Beyond it, each address is asked about once.
    private static let crowd = 512

    private struct Wait {
        var sent = 0
        /// When nobody is taken to use it.
        var ends = Int64.max
    }

    private var waits: [IPv4Address: Wait] = [:]
    private var queue: [(due: Int64, address: IPv4Address)] = []
    private var head = 0
    /// When nobody is taken to use an address any more, in the order of that time. What was asked about again since
    /// has another time by now, and another entry.
    private var lapses: [(ends: Int64, address: IPv4Address)] = []
    private var lapsed = 0
    private var nextBurst: Int64 = .min
    /// Addresses that were not asked about, for there were too many.
    private(set) var dropped = 0

    /// Addresses whose answer is still awaited.
    var count: Int { waits.count }

    mutating func add(_ address: IPv4Address, at now: Int64) -> Bool {
        guard waits[address] == nil else { return true }
        forget(at: now)
        guard waits.count < Self.capacity else {
            dropped += 1
            return false
        }
        waits[address] = Wait()
        queue.append((now, address))
        return true
    }

    /// True if `address` was asked about: then it is in use, and asked about no more.
    mutating func answer(_ address: IPv4Address, at now: Int64) -> Bool {
        guard let wait = waits[address], wait.sent > 0 else { return false }
        waits[address] = nil
        return wait.ends > now
    }

    /// The addresses to ask about now.
    mutating func due(at now: Int64) -> [IPv4Address] {
        guard head < queue.count, now >= nextBurst else { return [] }
        var addresses: [IPv4Address] = []
        var again: [IPv4Address] = []
        let isCrowded = queue.count - head > Self.crowd
        while addresses.count < Self.burst, head < queue.count, queue[head].due <= now {
            let address = queue[head].address
            head += 1
            guard var wait = waits[address] else { continue }
            wait.sent += 1
            wait.ends = now + Self.patience
            waits[address] = wait
            lapses.append((wait.ends, address))
            addresses.append(address)
            if wait.sent < Self.repeats, !isCrowded { again.append(address) }
        }
        for address in again { queue.append((now + Self.interval, address)) }
        if head > 1024 || head == queue.count {
            queue.removeSubrange(..<head)
            head = 0
        }
        if !addresses.isEmpty { nextBurst = now + Self.pace }
        forget(at: now)
        return addresses
    }

    /// When something is due; nil: never, as it stands.
    var deadline: Int64? { head < queue.count ? max(queue[head].due, nextBurst) : nil }

    /// What nobody answered for. A step for each, whenever it is: a storm has thousands a second.
    private mutating func forget(at now: Int64) {
        while lapsed < lapses.count {
            let lapse = lapses[lapsed]
            // Later than any can end: the clock was set back.
            guard lapse.ends <= now || lapse.ends - now > Self.patience else { break }
            lapsed += 1
            if waits[lapse.address]?.ends == lapse.ends { waits[lapse.address] = nil }
        }
        guard lapsed > 1024 || lapsed == lapses.count else { return }
        lapses.removeSubrange(..<lapsed)
        lapsed = 0
    }
}
