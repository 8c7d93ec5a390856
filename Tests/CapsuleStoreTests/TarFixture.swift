/// Writes tar archives, right ones and wrong ones, block by block as POSIX says.
struct TarFixture {
    private(set) var bytes: [UInt8] = []

    struct Fields {
        var name = ""
        var type: Character = "0"
        var mode = "0000644"
        var owner = "0000000"
        var group = "0000000"
        var size = ""
        var time = "00000000010"
        var link = ""
        var magic: [UInt8] = Array("ustar\u{0}00".utf8)
        var major = ""
        var minor = ""
        var prefix = ""
    }

    static func header(_ fields: Fields) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], _ start: Int) { block.replaceSubrange(start..<(start + bytes.count), with: bytes) }
        put(Array(fields.name.utf8), 0)
        put(Array(fields.mode.utf8), 100)
        put(Array(fields.owner.utf8), 108)
        put(Array(fields.group.utf8), 116)
        put(Array(fields.size.utf8), 124)
        put(Array(fields.time.utf8), 136)
        block[156] = fields.type.asciiValue ?? 0
        put(Array(fields.link.utf8), 157)
        put(fields.magic, 257)
        put(Array(fields.major.utf8), 329)
        put(Array(fields.minor.utf8), 337)
        put(Array(fields.prefix.utf8), 345)
        return sealed(block)
    }

    /// With the checksum that its bytes have.
    static func sealed(_ block: [UInt8]) -> [UInt8] {
        var block = block
        block.replaceSubrange(148..<156, with: Array("        ".utf8))
        let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        let padded = String(repeating: "0", count: 6 - digits.count) + digits
        block.replaceSubrange(148..<156, with: Array(padded.utf8) + [0, 0x20])
        return block
    }

    mutating func add(_ name: String, _ contents: String = "", type: Character = "0", link: String = "") {
        add(Fields(name: name, type: type, link: link), Array(contents.utf8))
    }

    mutating func add(_ fields: Fields, _ contents: [UInt8] = []) {
        var fields = fields
        let digits = String(contents.count, radix: 8)
        if fields.size.isEmpty { fields.size = String(repeating: "0", count: 11 - digits.count) + digits }
        bytes += Self.header(fields)
        bytes += contents + [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    /// An extended header for the next entry.
    mutating func addPax(_ records: [(String, String)], type: Character = "x") {
        let body = records.flatMap { key, value in Self.record(key, value) }
        add(Fields(name: "PaxHeader", type: type), body)
    }

    static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count + 1
        while "\(length)\(rest)".utf8.count != length { length += 1 }
        return Array("\(length)\(rest)".utf8)
    }

    /// The archive with its end mark.
    var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    /// Directories end in a slash, links are `name -> target`, all else is a file.
    static func archive(_ entries: [String]) -> [UInt8] {
        var tar = TarFixture()
        for entry in entries {
            if entry.hasSuffix("/") {
                tar.add(Fields(name: entry, type: "5", mode: "0000755"))
            } else if let arrow = entry.firstRange(of: " -> ") {
                tar.add(String(entry[..<arrow.lowerBound]), type: "2", link: String(entry[arrow.upperBound...]))
            } else if let equals = entry.firstRange(of: " = ") {
                tar.add(String(entry[..<equals.lowerBound]), type: "1", link: String(entry[equals.upperBound...]))
            } else {
                tar.add(entry, "contents of \(entry)")
            }
        }
        return tar.archive
    }
}
