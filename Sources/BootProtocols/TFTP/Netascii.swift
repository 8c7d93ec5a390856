/// Text as TFTP's mode `netascii` carries it (RFC 1350, 1; RFC 764): a line ends in CR LF, a lone CR is CR NUL.
public enum Netascii {
    static let carriageReturn: UInt8 = 13
    static let lineFeed: UInt8 = 10

    /// The form on the wire of text whose lines end in LF. At most twice as long.
    public static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + bytes.count / 16)
        for byte in bytes {
            switch byte {
            case lineFeed: out += [carriageReturn, lineFeed]
            case carriageReturn: out += [carriageReturn, 0]
            default: out.append(byte)
            }
        }
        return out
    }
}

/// Reads netascii as it comes, in pieces: a pair may be cut between two of them.
public struct NetasciiDecoder: Hashable, Sendable {
    /// The last piece ended in a CR.
    private var isPending = false

    public init() {}

    /// The text with lines that end in LF. A CR before anything but LF and NUL, which the mode does not know, stays.
    public mutating func decode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        for byte in bytes {
            if isPending {
                isPending = false
                switch byte {
                case Netascii.lineFeed:
                    out.append(byte)
                    continue
                case 0:
                    out.append(Netascii.carriageReturn)
                    continue
                default: out.append(Netascii.carriageReturn)
                }
            }
            if byte == Netascii.carriageReturn { isPending = true } else { out.append(byte) }
        }
        return out
    }

    /// What is left at the end: a CR without its other half.
    public mutating func finish() -> [UInt8] {
        defer { isPending = false }
        return isPending ? [Netascii.carriageReturn] : []
    }
}
