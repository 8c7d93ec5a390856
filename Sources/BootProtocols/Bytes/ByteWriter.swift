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
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
    }

    package mutating func write(_ value: UInt32) {
        write(UInt16(truncatingIfNeeded: value >> 16))
        write(UInt16(truncatingIfNeeded: value))
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
        guard bytes.count < size else { return }
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
}
