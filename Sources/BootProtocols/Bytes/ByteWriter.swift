/// Appends fields in network byte order.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: bytes to make room for at once.
    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func write(_ value: UInt8) {
        bytes.append(value)
    }

    package mutating func write(_ value: UInt16) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ value: UInt32) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ address: IPv4Address) {
        write(address.value)
    }

    package mutating func write(_ address: MACAddress) {
        write(UInt16(truncatingIfNeeded: address.value >> 32))
        write(UInt32(truncatingIfNeeded: address.value))
    }

    package mutating func write(contentsOf other: some Sequence<UInt8>) {
        bytes.append(contentsOf: other)
    }

    /// Appends zeros until `size` bytes are there; nothing where there are as many already.
    package mutating func pad(to size: Int) {
        // Whole runs at a time: an append of single zeros is a call for each.
        while bytes.count < size { bytes.append(contentsOf: Self.zeros.prefix(size - bytes.count)) }
    }

    private static let zeros = [UInt8](repeating: 0, count: 256)
}
