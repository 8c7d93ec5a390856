import BootProtocols

/// A message encoded once, with the places that differ from node to node: what is sent is a copy and a few stores.
struct MessageTemplate {
    /// What a node puts in.
    struct Values {
        var transactionID: UInt32 = 0
        var mac: UInt64 = 0
        var clientAddress: UInt32 = 0
        var relayAddress: UInt32 = 0
        var requestedAddress: UInt32 = 0
        var server: UInt32 = 0
    }

    let bytes: [UInt8]
    private let requestedAddress: Int?
    private let server: Int?
    /// Where the MAC stands beside `chaddr`: options 61 and 97.
    private let macs: [Int]

    // RFC 2131, figure 1.
    private static let transactionIDOffset = 4
    private static let clientAddressOffset = 12
    private static let relayAddressOffset = 24
    private static let hardwareAddressOffset = 28

    /// - Throws: `DHCPError` where the message cannot be encoded, which those of `ClientShape` can.
    init(_ message: DHCPMessage) throws(DHCPError) {
        bytes = try message.encoded()
        let offsets = Self.optionOffsets(in: bytes)
        requestedAddress = offsets[DHCPOptionCode.requestedAddress.rawValue]
        server = offsets[DHCPOptionCode.serverIdentifier.rawValue]
        macs = [
            offsets[DHCPOptionCode.clientIdentifier.rawValue].map { $0 + 1 },
            offsets[DHCPOptionCode.clientMachine.rawValue].map { $0 + 11 },
        ].compactMap { $0 }
    }

    /// Writes the message of one node; gives its size, 0 if `buffer` is too small.
    func write(_ values: Values, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard buffer.count >= bytes.count else { return 0 }
        buffer.copyBytes(from: bytes)
        store(values.transactionID, at: Self.transactionIDOffset, in: buffer)
        store(values.clientAddress, at: Self.clientAddressOffset, in: buffer)
        store(values.relayAddress, at: Self.relayAddressOffset, in: buffer)
        store(mac: values.mac, at: Self.hardwareAddressOffset, in: buffer)
        if let requestedAddress { store(values.requestedAddress, at: requestedAddress, in: buffer) }
        if let server { store(values.server, at: server, in: buffer) }
        for offset in macs { store(mac: values.mac, at: offset, in: buffer) }
        return bytes.count
    }

    private func store(_ value: UInt32, at offset: Int, in buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    private func store(mac: UInt64, at offset: Int, in buffer: UnsafeMutableRawBufferPointer) {
        store(UInt32(truncatingIfNeeded: mac >> 16), at: offset, in: buffer)
        buffer.storeBytes(of: UInt16(truncatingIfNeeded: mac).bigEndian, toByteOffset: offset + 4, as: UInt16.self)
    }

    /// Where the value of each option begins.
    private static func optionOffsets(in bytes: [UInt8]) -> [UInt8: Int] {
        var offsets: [UInt8: Int] = [:]
        var next = DHCPMessage.fixedSize
        while next + 1 < bytes.count, bytes[next] != DHCPOptionCode.end.rawValue {
            offsets[bytes[next]] = next + 2
            next += 2 + Int(bytes[next + 1])
        }
        return offsets
    }
}
