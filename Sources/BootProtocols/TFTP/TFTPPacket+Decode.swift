extension TFTPPacket {
    /// Reads the payload of a UDP datagram. Bytes behind the end of a packet are ignored, some ROMs pad.
    public init(decoding bytes: RawSpan) throws(TFTPDecodingError) {
        guard let opcode = bytes.uint16(at: 0), let field = bytes.uint16(at: 2) else {
            throw .tooShort(byteCount: bytes.byteCount)
        }
        switch Opcode(rawValue: opcode) {
        case .readRequest: self = .readRequest(try TFTPRequest(decoding: bytes))
        case .writeRequest: self = .writeRequest(try TFTPRequest(decoding: bytes))
        case .data: self = .data(block: field, payload: Self.dataHeaderSize..<bytes.byteCount)
        case .acknowledgment: self = .acknowledgment(block: field)
        case .error:
            var position = Self.dataHeaderSize
            // A message without its NUL is taken as it is: what counts is the code.
            let message = bytes.text(at: &position) ?? bytes.text(in: Self.dataHeaderSize..<bytes.byteCount)
            self = .error(TFTPErrorCode(rawValue: field), message: message)
        case .optionAcknowledgment: self = .optionAcknowledgment(TFTPOption.list(in: bytes, from: 2))
        case nil: throw .unknownOpcode(opcode)
        }
    }
}

extension TFTPRequest {
    fileprivate init(decoding bytes: RawSpan) throws(TFTPDecodingError) {
        var position = 2
        guard let fileName = bytes.text(at: &position), let modeText = bytes.text(at: &position) else {
            throw .unterminatedText
        }
        guard !fileName.isEmpty else { throw .emptyFileName }
        // A transfer keeps its name: what it costs is not for the client to choose.
        let length = fileName.utf8.count
        guard length <= Self.largestFileName else { throw .fileNameTooLong(byteCount: length) }
        guard let mode = Mode(rawValue: modeText.lowercased()) else { throw .unknownMode(modeText) }
        self.init(fileName: fileName, mode: mode, options: TFTPOption.list(in: bytes, from: position))
    }
}

extension TFTPOption {
    /// Pairs of name and value up to the end, an empty name or half a pair.
    fileprivate static func list(in bytes: RawSpan, from start: Int) -> [TFTPOption] {
        var position = start
        var options: [TFTPOption] = []
        while let name = bytes.text(at: &position), !name.isEmpty, let value = bytes.text(at: &position) {
            guard let option = TFTPOption(name: name, value: value) else { continue }
            if !options.contains(where: { $0.kind == option.kind }) { options.append(option) }
        }
        return options
    }
}

extension RawSpan {
    fileprivate func uint16(at offset: Int) -> UInt16? {
        guard offset >= 0, byteCount - offset >= 2 else { return nil }
        return UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The text up to the next NUL, which `position` is moved behind; nil if there is none.
    fileprivate func text(at position: inout Int) -> String? {
        var end = position
        while end < byteCount {
            if unsafeLoad(fromByteOffset: end, as: UInt8.self) == 0 {
                defer { position = end + 1 }
                return text(in: position..<end)
            }
            end += 1
        }
        return nil
    }

    fileprivate func text(in range: Range<Int>) -> String {
        withUnsafeBytes { String(decoding: $0[range], as: UTF8.self) }
    }
}
