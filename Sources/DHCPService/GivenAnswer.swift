import BootProtocols

/// The last answer to a machine, for the copies of one message that retransmission and several relays bring.
struct GivenAnswer: Hashable, Sendable {
    /// Milliseconds for which a copy gets the same answer.
    private static let life: Int64 = 5_000

    private let digest: UInt64
    private let source: IPv4Endpoint
    private let given: Int64
    let reply: DHCPReply
    /// The commit that the answer waits for, as the machine counts them; 0 if it waits for none.
    let commit: UInt64
    /// Counts how often all answers were forgotten before.
    let epoch: UInt32

    init(
        _ reply: DHCPReply, to digest: UInt64, from source: IPv4Endpoint, at now: Int64, after commit: UInt64,
        epoch: UInt32
    ) {
        self.epoch = epoch
        self.reply = reply
        self.digest = digest
        self.source = source
        given = now
        self.commit = commit
    }

    func answers(_ digest: UInt64, from source: IPv4Endpoint, at now: Int64) -> Bool {
        digest == self.digest && source == self.source && (0..<Self.life).contains(now - given)
    }

    /// A number for the bytes of a message, other ones for other bytes as good as always; `secs` counts on in copies
    /// (RFC 2131, 2) and is passed over. The same MAC must send both for a collision to matter.
    static func digest(_ bytes: [UInt8], on port: DHCPPort) -> UInt64 {
        bytes.withUnsafeBytes { bytes in
            var state = seed ^ UInt64(bytes.count) ^ UInt64(port.rawValue) << 32
            var offset = 0
            while offset + 8 <= bytes.count {
                var word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                // Octets 8 and 9 of the message are `secs`.
                if offset == 8 { word = UInt64(littleEndian: word) & ~0xffff }
                state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
                state ^= state >> 29
                offset += 8
            }
            while offset < bytes.count {
                state = (state ^ UInt64(bytes[offset])) &* 0x9e37_79b9_7f4a_7c15
                state ^= state >> 29
                offset += 1
            }
            return state
        }
    }

    private static let seed = UInt64.random(in: .min ... .max)
}
