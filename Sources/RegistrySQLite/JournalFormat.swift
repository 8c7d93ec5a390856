import BootProtocols
import Registry

/// How leases lie in a journal file: a header and records of 32 bytes each, in network byte order, each with a
/// checksum. What a crash cut off or left over from an earlier use is told by checksum, epoch and group.
enum JournalFormat {
    static let recordSize = 32
    private static let magic: [UInt8] = Array("PSDLEASE".utf8)
    private static let version: UInt32 = 1

    /// Which use of the file this is: epochs count up over both files.
    static func header(epoch: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: recordSize)
        writer.write(contentsOf: magic)
        writer.write(version)
        writer.write(epoch)
        writer.pad(to: recordSize - 4)
        return sealed(writer)
    }

    /// Appends a record for each lease.
    /// - Parameter group: one number for all records of one write, counted up: a record of a lower one is left over
    ///   from a write that failed and was partly overwritten.
    static func append(_ leases: ArraySlice<Lease>, epoch: UInt32, group: UInt32, to bytes: inout [UInt8]) {
        var next = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: leases.count * recordSize))
        var span = bytes.mutableSpan
        for lease in leases {
            // Two bytes stay zero, for a kind of record that is not there yet.
            span.set(UInt32(truncatingIfNeeded: lease.mac.value >> 32), at: next)
            span.set(UInt32(truncatingIfNeeded: lease.mac.value), at: next + 4)
            span.set(UInt32(truncatingIfNeeded: lease.expires >> 32), at: next + 8)
            span.set(UInt32(truncatingIfNeeded: lease.expires), at: next + 12)
            span.set(lease.address.value, at: next + 16)
            span.set(epoch, at: next + 20)
            span.set(group, at: next + 24)
            var crc: UInt32 = .max
            for index in next..<next + recordSize - 4 { step(&crc, span[index]) }
            span.set(~crc, at: next + recordSize - 4)
            next += recordSize
        }
    }

    /// The epoch and all leases up to the first record that does not belong to it; nil for a file that was never used.
    /// - Throws: `Damaged` where there is something else than a header.
    static func decode(_ bytes: [UInt8]) throws(Damaged) -> (epoch: UInt32, leases: [Lease])? {
        let start = bytes.prefix(recordSize)
        guard start.contains(where: { $0 != 0 }) else { return nil }
        guard start.count == recordSize, isSound(start), start.starts(with: magic) else { throw Damaged() }
        var header = ByteReader(start.dropFirst(magic.count))
        guard header.uint32() == version, let epoch = header.uint32() else { throw Damaged() }
        var leases: [Lease] = []
        var lastGroup: UInt32 = 0
        var next = bytes.startIndex + recordSize
        while bytes.endIndex - next >= recordSize {
            let record = bytes[next..<next + recordSize]
            guard isSound(record), let (lease, group) = lease(record, of: epoch), group >= lastGroup else { break }
            leases.append(lease)
            lastGroup = group
            next += recordSize
        }
        return (epoch, leases)
    }

    /// The header of a journal is neither empty nor ours.
    struct Damaged: Error {}

    private static func lease(_ record: ArraySlice<UInt8>, of epoch: UInt32) -> (Lease, group: UInt32)? {
        var reader = ByteReader(record)
        guard reader.uint16() == 0, let mac = reader.macAddress(), let high = reader.uint32(),
            let low = reader.uint32(), let address = reader.ipv4Address(), reader.uint32() == epoch,
            let group = reader.uint32()
        else { return nil }
        let expires = Int64(bitPattern: UInt64(high) << 32 | UInt64(low))
        return (Lease(mac: mac, address: address, expires: expires), group)
    }

    private static func sealed(_ writer: ByteWriter) -> [UInt8] {
        var writer = writer
        writer.write(checksum(writer.bytes[...]))
        return writer.bytes
    }

    private static func isSound(_ record: ArraySlice<UInt8>) -> Bool {
        var end = ByteReader(record.suffix(4))
        return end.uint32() == checksum(record.dropLast(4))
    }

    /// CRC-32C (RFC 3720, 12.1).
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes { step(&crc, byte) }
        return ~crc
    }

    private static func step(_ crc: inout UInt32, _ byte: UInt8) {
        crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82f6_3b78 }
    }
}

extension MutableSpan<UInt8> {
    /// In network byte order.
    fileprivate mutating func set(_ value: UInt32, at index: Int) {
        self[index] = UInt8(truncatingIfNeeded: value >> 24)
        self[index + 1] = UInt8(truncatingIfNeeded: value >> 16)
        self[index + 2] = UInt8(truncatingIfNeeded: value >> 8)
        self[index + 3] = UInt8(truncatingIfNeeded: value)
    }
}
