import BootProtocols

/// Replies of one turn to relay agents and clients with an address, put together by where they go.
///
/// The kernel takes a run of datagrams of one size for one destination in one call (UDP_SEGMENT) and carries it as one
/// packet as far as it can: a relay's replies cost a fifth of what they cost one by one. So replies of nearly one size
/// are padded with zeros, which after END say nothing (RFC 2132, 3.1), to a common one.
struct ReplyOutbox {
    /// A run of datagrams to one destination from one port.
    struct Run {
        let destination: IPv4Endpoint
        let source: DHCPPort
        /// Bytes of each datagram but the last, which is as long as it is.
        let size: Int
        fileprivate(set) var bytes: [UInt8]
        fileprivate(set) var count = 1

        fileprivate mutating func append(_ reply: [UInt8]) {
            bytes.append(contentsOf: repeatElement(0, count: size * count - bytes.count))
            bytes.append(contentsOf: reply)
            count += 1
        }
    }

    /// Datagrams in a run: half of what the kernel takes (UDP_MAX_SEGMENTS is 64), a tenth of what a relay agent with
    /// a receive buffer of the usual size holds.
    static let longestRun = 32
    /// Destinations that are gathered for at once.
    private static let openRuns = 16
    /// A run's size is a multiple of this: the most that a reply grows by is one less.
    private static let step = 64
    /// What every client takes, whatever its option 57 says: 576 bytes less the headers (RFC 2131, 2).
    private static let alwaysTaken = 548

    private var open: [Run] = []

    /// Adds a reply; gives a run that is to be sent now, to make room.
    mutating func add(_ reply: [UInt8], to destination: IPv4Endpoint, from source: DHCPPort) -> Run? {
        guard let index = open.firstIndex(where: { $0.destination == destination && $0.source == source }) else {
            let full = open.count == Self.openRuns ? open.removeFirst() : nil
            open.append(Self.run(beginningWith: reply, to: destination, from: source))
            return full
        }
        guard Self.size(for: reply) == open[index].size, open[index].count < Self.longestRun else {
            let done = open[index]
            open[index] = Self.run(beginningWith: reply, to: destination, from: source)
            return done
        }
        open[index].append(reply)
        return nil
    }

    /// The runs that are left, in the order in which they began.
    mutating func takeAll() -> [Run] {
        defer { open.removeAll(keepingCapacity: true) }
        return open
    }

    private static func run(
        beginningWith reply: [UInt8], to destination: IPv4Endpoint, from source: DHCPPort
    ) -> Run {
        Run(destination: destination, source: source, size: size(for: reply), bytes: reply)
    }

    /// What a reply is padded to within a run; its own size if no padding is sure to be taken.
    private static func size(for reply: [UInt8]) -> Int {
        guard reply.count <= alwaysTaken else { return reply.count }
        return min((reply.count + step - 1) / step * step, alwaysTaken)
    }
}
