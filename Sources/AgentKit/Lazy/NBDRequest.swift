/// A request of the kernel to the server of a network block device, and the head of its answer, as they stand on the
/// socket between them (linux/nbd.h, `struct nbd_request` and `struct nbd_reply`; all numbers big-endian).
package struct NBDRequest: Hashable, Sendable {
    package enum Command: Hashable, Sendable {
        case read
        /// The device goes away.
        case disconnect
        /// Of a device that is written.
        case other(UInt16)
    }

    package static let size = 28
    package static let replySize = 16
    private static let magic: UInt32 = 0x2560_9513
    private static let replyMagic: UInt32 = 0x6744_6698

    package var command: Command
    /// Named in the answer.
    package var handle: UInt64
    /// In bytes.
    package var offset: UInt64
    package var length: UInt32

    /// - Parameter bytes: `size` of them; nil where it is no request.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size, Self.number(bytes[0..<4]) == UInt64(Self.magic) else { return nil }
        switch Self.number(bytes[6..<8]) {
        case 0: command = .read
        case 2: command = .disconnect
        case let other: command = .other(UInt16(truncatingIfNeeded: other))
        }
        handle = Self.number(bytes[8..<16])
        offset = Self.number(bytes[16..<24])
        length = UInt32(truncatingIfNeeded: Self.number(bytes[24..<28]))
    }

    /// The head of the answer; the bytes that were read follow it if there is no error.
    /// - Parameter error: an `errno`, or 0.
    package func reply(error: UInt32 = 0) -> [UInt8] {
        Self.bytes(UInt64(Self.replyMagic), 4) + Self.bytes(UInt64(error), 4) + Self.bytes(handle, 8)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }
}
