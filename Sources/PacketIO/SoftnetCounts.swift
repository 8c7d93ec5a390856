internal import Glibc

/// How many packets each processor's network code has taken in since the machine started (proc_net_softnet_stat in the
/// kernel's `net-procfs.c`).
///
/// A socket tells that of itself too (SO_INCOMING_CPU), but a UDP socket only while it is connected to one client.
struct SoftnetCounts: Sendable {
    /// Packets by processor, modulo 2^32.
    private(set) var packets: [Int: UInt32] = [:]

    /// Of `/proc/net/softnet_stat`; nil where that is not to be read.
    init?() {
        // A line has about 140 bytes: room for 1,900 processors.
        guard let file = try? FileDescriptor.open("/proc/net/softnet_stat", O_RDONLY),
            let text = try? file.readAll(limit: 256 << 10)
        else { return nil }
        self.init(text)
    }

    /// Of its text: a line for each processor that is online, of hexadecimal fields. The first are the packets, the
    /// thirteenth is the processor (Linux 5.10; before it, its place in the list).
    init(_ text: some Collection<UInt8>) {
        for (row, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard let first = fields.first, let count = Self.number(first) else { continue }
            let processor = fields.dropFirst(12).first.flatMap { Self.number($0) }.flatMap { Int(exactly: $0) }
            packets[processor ?? row] = count
        }
    }

    /// The processor, other than `own`, that has taken in most packets since `earlier`, if they are `least` or more.
    func busiest(since earlier: SoftnetCounts, except own: Int, least: Int) -> Int? {
        let grown = packets.compactMap { processor, count -> (processor: Int, packets: Int)? in
            guard processor != own, let before = earlier.packets[processor] else { return nil }
            let packets = Int(count &- before)
            return packets >= least ? (processor, packets) : nil
        }
        return grown.max { ($0.packets, $1.processor) < ($1.packets, $0.processor) }?.processor
    }

    private static func number(_ text: some Collection<UInt8>) -> UInt32? {
        UInt32(String(decoding: text, as: UTF8.self), radix: 16)
    }
}
