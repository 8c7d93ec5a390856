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
