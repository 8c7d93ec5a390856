extension TFTPPacket {
    /// Writes the packet into `buffer` and gives its size in bytes; nil, with the buffer's content undefined, if it
    /// does not fit. Of a DATA packet only the header: the payload is the caller's to put behind it.
    public func encode(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        var out = BufferWriter(buffer: buffer)
        switch self {
        case .readRequest(let request): out.write(.readRequest, request)
        case .writeRequest(let request): out.write(.writeRequest, request)
        case .data(let block, _):
            out.write(.data)
            out.write(block)
        case .acknowledgment(let block):
            out.write(.acknowledgment)
            out.write(block)
        case .error(let code, let message):
            out.write(.error)
            out.write(code.rawValue)
            out.write(message)
        case .optionAcknowledgment(let options):
            out.write(.optionAcknowledgment)
            out.write(options)
        }
        return out.overran ? nil : out.count
    }

    /// The packet's bytes; of a DATA packet only the header.
    public var bytes: [UInt8] {
        // The longest packets carry two or more texts; none that was decoded is over 64 KiB.
        var size = 1024
        while true {
            let bytes = withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { buffer in
                encode(into: buffer).map { Array(buffer[..<$0]) }
            }
            if let bytes { return bytes }
            size *= 2
        }
    }
}

/// Writes until the buffer is full, and then remembers only that.
private struct BufferWriter {
    let buffer: UnsafeMutableRawBufferPointer
    var count = 0
    var overran = false

    mutating func write(_ byte: UInt8) {
        guard count < buffer.count else {
            overran = true
            return
        }
        buffer[count] = byte
        count += 1
    }

    mutating func write(_ value: UInt16) {
        write(UInt8(truncatingIfNeeded: value >> 8))
        write(UInt8(truncatingIfNeeded: value))
    }

    mutating func write(_ opcode: TFTPPacket.Opcode) {
        write(opcode.rawValue)
    }

    /// A text and its NUL; a NUL inside would end it early, so it stops there.
    mutating func write(_ text: String) {
        for byte in text.utf8.prefix(while: { $0 != 0 }) { write(byte) }
        write(0 as UInt8)
    }

    mutating func write(_ options: [TFTPOption]) {
        for option in options {
            write(option.name)
            write(String(option.value))
        }
    }

    mutating func write(_ opcode: TFTPPacket.Opcode, _ request: TFTPRequest) {
        write(opcode)
        write(request.fileName)
        write(request.mode.rawValue)
        write(request.options)
    }
}
