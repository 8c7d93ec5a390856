import BootProtocols

/// A message in an Ethernet frame, encoded once: what is sent is a copy, a few stores and the header's checksum.
struct FrameTemplate {
    /// Both ends of one frame.
    struct Route {
        var source: MACAddress
        var destination: MACAddress
        /// 0 of a node that has no address yet.
        var sourceAddress: UInt32
        var destinationAddress: UInt32
    }

    let message: MessageTemplate
    /// Ethernet, IPv4 and UDP, with zeros where each frame has its own.
    private let header: [UInt8]
    /// The sum of the IPv4 header's words as they stand in `header`.
    private let headerSum: UInt32

    static let headerSize = 42
    // Ethernet; RFC 791, 3.1; RFC 768.
    private static let ipOffset = 14
    private static let checksumOffset = 24
    private static let sourceAddressOffset = 26
    private static let destinationAddressOffset = 30
    private static let udpChecksumOffset = 40

    /// - Throws: `FrameError` where the message does not fit into a datagram, which those of `ClientShape` do.
    init(_ message: MessageTemplate) throws(FrameError) {
        let nobody = MACAddress(value: 0)
        let whole = try UDPFrame(
            from: IPv4Endpoint(.any, port: 68), at: nobody, to: IPv4Endpoint(.any, port: 67), at: nobody,
            payload: message.bytes)
        var header = Array(whole.bytes.prefix(Self.headerSize))
        // The payload differs from node to node; 0 says "no checksum" (RFC 768).
        for offset in [Self.udpChecksumOffset, Self.checksumOffset] {
            header.replaceSubrange(offset..<offset + 2, with: [0, 0])
        }
        var sum: UInt32 = 0
        for offset in stride(from: Self.ipOffset, to: Self.ipOffset + IPv4Header.minimumSize, by: 2) {
            sum += UInt32(header[offset]) << 8 | UInt32(header[offset + 1])
        }
        self.message = message
        self.header = header
        headerSum = sum
    }

    /// Writes the frame of one node; gives its size, 0 if `buffer` is too small.
    func write(_ values: MessageTemplate.Values, along route: Route, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard buffer.count >= header.count else { return 0 }
        let size = message.write(values, to: UnsafeMutableRawBufferPointer(rebasing: buffer[Self.headerSize...]))
        guard size > 0 else { return 0 }
        buffer.copyBytes(from: header)
        store(route.destination.value << 16 | route.source.value >> 32, at: 0, in: buffer)
        store(UInt32(truncatingIfNeeded: route.source.value), at: 8, in: buffer)
        store(route.sourceAddress, at: Self.sourceAddressOffset, in: buffer)
        store(route.destinationAddress, at: Self.destinationAddressOffset, in: buffer)
        store(checksum(of: route), at: Self.checksumOffset, in: buffer)
        return header.count + size
    }

    /// RFC 1071.
    private func checksum(of route: Route) -> UInt16 {
        var sum = headerSum
        for address in [route.sourceAddress, route.destinationAddress] { sum += address >> 16 + address & 0xffff }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(truncatingIfNeeded: sum)
    }

    private func store(_ value: some FixedWidthInteger, at offset: Int, in buffer: UnsafeMutableRawBufferPointer) {
        withUnsafeBytes(of: value.bigEndian) { bytes in
            UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyBytes(from: bytes)
        }
    }
}
