/// Turns what a machine writes to a terminal into lines of text that a reader or a test can use.
///
/// Firmware and boot loaders paint: they clear, position, return and overwrite. Escape sequences (ECMA-48) are taken
/// out; one that clears the screen or moves the cursor ends the line, a carriage return starts it over.
public struct TerminalText: Sendable {
    /// Bytes kept of one line; what follows is dropped.
    static let longestLine = 4096

    private enum State {
        case text, escape, control, string
    }

    private var state = State.text
    private var line: [UInt8] = []
    private var column = 0

    public init() {}

    /// Takes more output and gives the lines that it completes, without empty ones.
    public mutating func receive(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes { receive(byte, into: &lines) }
        return lines
    }

    /// The line that has no end yet.
    public var unfinished: String { String(decoding: line, as: UTF8.self) }

    /// Gives what stands there without its end, when no more is to come.
    public mutating func finish() -> String? {
        var lines: [String] = []
        endLine(into: &lines)
        return lines.first
    }

    private mutating func receive(_ byte: UInt8, into lines: inout [String]) {
        switch state {
        case .text:
            receiveText(byte, into: &lines)
        case .escape:
            switch byte {
            case UInt8(ascii: "["): state = .control
            case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"): state = .string
            case UInt8(ascii: "c"):  // RIS, reset
                endLine(into: &lines)
                state = .text
            case 0x20...0x2f: break  // intermediate bytes
            default: state = .text
            }
        case .control where (0x40...0x7e).contains(byte):
            if Self.movesAway.contains(byte) { endLine(into: &lines) }
            state = .text
        case .control: break
        case .string:  // to BEL, or ESC \
            if byte == 0x07 { state = .text }
            if byte == 0x1b { state = .escape }
        }
    }

    /// CUU, CUD, CNL, CPL, CUP, ED, HVP
    private static let movesAway = Set("ABEFHJf".utf8)

    private mutating func receiveText(_ byte: UInt8, into lines: inout [String]) {
        switch byte {
        case 0x1b: state = .escape
        case UInt8(ascii: "\n"): endLine(into: &lines)
        case UInt8(ascii: "\r"): column = 0
        case 0x08: column = max(0, column - 1)
        case UInt8(ascii: "\t"): put(UInt8(ascii: " "))
        case 0..<0x20, 0x7f: break
        default: put(byte)
        }
    }

    private mutating func put(_ byte: UInt8) {
        guard column < Self.longestLine else { return }
        if column < line.count { line[column] = byte } else { line.append(byte) }
        column += 1
    }

    private mutating func endLine(into lines: inout [String]) {
        while line.last == UInt8(ascii: " ") { line.removeLast() }
        if !line.isEmpty { lines.append(unfinished) }
        line.removeAll(keepingCapacity: true)
        column = 0
    }
}
