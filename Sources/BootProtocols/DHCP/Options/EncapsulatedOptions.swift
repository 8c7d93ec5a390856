/// Options within an option: the same code, length, value, with PAD and END (RFC 2132, 8.4).
struct EncapsulatedOptions {
    private(set) var options: [(code: UInt8, value: ArraySlice<UInt8>)] = []

    init() {}

    /// Reads what is whole; a piece that claims more than is left ends the reading.
    init(_ bytes: ArraySlice<UInt8>) {
        var reader = ByteReader(bytes)
        while let code = reader.uint8(), code != 255 {
            guard code != 0 else { continue }
            guard let length = reader.uint8(), let value = reader.slice(Int(length)) else { return }
            options.append((code, value))
        }
    }

    /// The first option with `code`.
    subscript(code: UInt8) -> ArraySlice<UInt8>? {
        options.first { $0.code == code }?.value
    }

    /// Adds an option; a value over 255 bytes is cut there.
    mutating func append(_ code: UInt8, _ value: ArraySlice<UInt8>) {
        options.append((code, value.prefix(255)))
    }

    /// The bytes of the enclosing option, with an END.
    var bytes: ArraySlice<UInt8> {
        var writer = ByteWriter()
        for option in options {
            writer.write(option.code)
            writer.write(UInt8(truncatingIfNeeded: option.value.count))
            writer.write(contentsOf: option.value)
        }
        writer.write(255 as UInt8)
        return writer.bytes[...]
    }
}
