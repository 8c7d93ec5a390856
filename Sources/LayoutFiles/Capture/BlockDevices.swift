import Foundation

/// What `lsblk --json --bytes` says of a machine's block devices.
struct BlockDevices: Decodable {
    /// A device with what is made of it: partitions, arrays, volumes.
    struct Device: Decodable {
        var path: String
        var name: String
        /// `disk`, `part`, `raid1`, `lvm`, `loop`, …
        var type: String
        /// Bytes.
        var size: Number?
        /// Bytes of a sector of its own.
        var sector: Number?
        /// In units of 512 bytes.
        var start: Number?
        var table: String?
        var partitionType: String?
        var partitionLabel: String?
        var partitionFlags: String?
        var partitionUUID: String?
        var content: String?
        var label: String?
        var uuid: String?
        var mountPoint: String?
        var children: [Device]?

        enum CodingKeys: String, CodingKey {
            case path, name, type, size, start, label, uuid, children
            case sector = "log-sec"
            case table = "pttype"
            case partitionType = "parttype"
            case partitionLabel = "partlabel"
            case partitionFlags = "partflags"
            case partitionUUID = "partuuid"
            case content = "fstype"
            case mountPoint = "mountpoint"
        }

        var bytes: UInt64 { size?.value ?? 0 }

        /// Bytes from the disk's beginning.
        var offset: UInt64 { (start?.value ?? 0).multipliedReportingOverflow(by: 512).partialValue }
    }

    /// A number, or one as text: which of both differs between versions of lsblk.
    struct Number: Decodable {
        var value: UInt64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(UInt64.self) {
                value = number
            } else {
                value = UInt64((try? container.decode(String.self)) ?? "") ?? 0
            }
        }
    }

    var blockdevices: [Device]
}

/// `/proc/mdstat` (md(4)): what lsblk does not say of arrays.
struct ArrayStatus {
    struct Array {
        /// Names without `/dev/`, in the order of their places in the array; spares apart.
        var members: [String] = []
        var spares: [String] = []
        /// Bytes.
        var chunk: UInt64?
    }

    private(set) var arrays: [String: Array] = [:]

    init(_ text: String) {
        var current: String?
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 3, words[1] == ":", words[2] == "active", line.first != " " {
                current = String(words[0])
                arrays[String(words[0])] = Self.array(words.dropFirst(3))
            } else if let name = current, let place = words.firstIndex(where: { $0.hasPrefix("chunk") }), place > 0,
                words[place - 1].hasSuffix("k"), let kibibytes = UInt64(words[place - 1].dropLast())
            {
                arrays[name]?.chunk = kibibytes.multipliedReportingOverflow(by: 1024).partialValue
            }
        }
    }

    /// `raid5 sdd1[3](S) sdc1[2] sdb1[1] sda1[0]`; `(F)` has failed and counts as a spare's place.
    private static func array(_ words: ArraySlice<Substring>) -> Array {
        var places: [(place: Int, name: String)] = []
        var array = Array()
        for word in words {
            guard let bracket = word.firstIndex(of: "["), let end = word.firstIndex(of: "]"),
                let place = Int(word[word.index(after: bracket)..<end])
            else { continue }
            let name = String(word[..<bracket])
            if word.hasSuffix("(S)") { array.spares.append(name) } else { places.append((place, name)) }
        }
        array.members = places.sorted { $0.place < $1.place }.map(\.name)
        return array
    }
}

/// A line of fstab(5).
struct MountLine {
    var spec: String
    var point: String
    var kind: String
    var options: String
    var dump: Int
    var pass: Int

    static func lines(of text: String) -> [MountLine] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace).map { unescaped(String($0)) }
            guard words.count >= 3, !words[0].hasPrefix("#") else { return nil }
            return MountLine(
                spec: words[0], point: words[1], kind: words[2], options: words.count > 3 ? words[3] : "defaults",
                dump: words.count > 4 ? Int(words[4]) ?? 0 : 0, pass: words.count > 5 ? Int(words[5]) ?? 0 : 0)
        }
    }

    /// Blanks and tabs are `\040` and `\011`.
    private static func unescaped(_ text: String) -> String {
        text.replacing("\\040", with: " ").replacing("\\011", with: "\t").replacing("\\134", with: "\\")
    }
}
