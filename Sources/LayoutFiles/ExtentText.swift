import DiskLayout

/// Sizes as layout files have them.
enum ExtentText {
    /// Bytes of a unit: parted's names, decimal and binary; nil for what is none.
    static func bytes(of unit: String) -> UInt64? {
        switch unit {
        case "B", "b": 1
        case "kB", "KB", "k", "K": 1_000
        case "MB", "M", "m": 1_000_000
        case "GB", "G", "g": 1_000_000_000
        case "TB", "T", "t": 1_000_000_000_000
        case "KiB", "kiB": 1 << 10
        case "MiB": 1 << 20
        case "GiB": 1 << 30
        case "TiB": 1 << 40
        default: nil
        }
    }

    /// `*`, a number in the unit that counts here, or a number with a unit of its own: `512 MiB`, `20%`, `2048s`.
    /// - Parameter unit: `MB`, `%`, `percent`, `s`; nil: every number has one of its own.
    /// - Returns: nil for what is no size.
    static func read(_ text: String, unit: String?) -> Extent? {
        let text = text.filter { !$0.isWhitespace }
        if text == "*" { return .rest }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let own = String(text.dropFirst(digits.count))
        guard let unit = own.isEmpty ? unit : own, let thousandths = thousandths(String(digits)), thousandths > 0 else {
            return nil
        }
        switch unit {
        case "%", "percent", "percentage": return thousandths <= 100_000 ? .percent(thousandths: thousandths) : nil
        case "s", "S", "sectors": return thousandths % 1000 == 0 ? .sectors(thousandths / 1000) : nil
        default:
            guard let scale = bytes(of: unit) else { return nil }
            let (product, overflow) = thousandths.multipliedReportingOverflow(by: scale)
            return overflow || product < 1000 ? nil : .bytes(product / 1000)
        }
    }

    /// Bytes; nil for anything else.
    static func readBytes(_ text: String, unit: String?) -> UInt64? {
        guard case .bytes(let bytes) = read(text, unit: unit) else { return nil }
        return bytes
    }

    /// `12.5` as 12500.
    private static func thousandths(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = UInt64(parts[0]), whole < 1 << 50 else { return nil }
        guard parts.count == 2 else { return whole * 1000 }
        guard (1...3).contains(parts[1].count), let part = UInt64(parts[1].padding3) else { return nil }
        return whole * 1000 + part
    }

    /// The shortest that reads back as the same.
    static func write(_ extent: Extent) -> String {
        switch extent {
        case .rest: return "*"
        case .sectors(let count): return "\(count)s"
        case .percent(let thousandths):
            return thousandths % 1000 == 0
                ? "\(thousandths / 1000)%"
                : "\(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())%"
        case .bytes(let bytes): return write(bytes: bytes)
        }
    }

    static func write(bytes: UInt64) -> String {
        for unit in ["TiB", "TB", "GiB", "GB", "MiB", "MB", "KiB", "kB"] {
            if let scale = Self.bytes(of: unit), bytes > 0, bytes % scale == 0 { return "\(bytes / scale)\(unit)" }
        }
        return "\(bytes)B"
    }
}

extension Substring {
    fileprivate var padding3: String { self + String(repeating: "0", count: Swift.max(0, 3 - count)) }
}

/// Sizes of disks, for command lines.
public enum DiskSize {
    /// `500GB`, `8 GiB` in bytes; nil for anything else.
    public static func bytes(_ text: String) -> UInt64? { ExtentText.readBytes(text, unit: nil) }
}
