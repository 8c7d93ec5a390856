import Registry

/// What a request does to the fields of each node or group that it means, read once.
struct FieldSteps<Field: RawRepresentable & CaseIterable & Hashable> where Field.RawValue == String {
    private var set: [(Field, String?)] = []
    private var add: [(Field, [String])] = []
    private var remove: [(Field, Set<String>)] = []

    init(_ request: ChangeRequest) throws(AdminProblem) {
        for (key, text) in request.set { set.append((try Self.field(key), text.isEmpty ? nil : text)) }
        for (key, text) in request.add { add.append((try Self.list(key), Self.words(text))) }
        for (key, text) in request.remove { remove.append((try Self.list(key), Swift.Set(Self.words(text)))) }
        guard !set.isEmpty || !add.isEmpty || !remove.isEmpty else {
            throw .badRequest("nothing to set; there are \(Field.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    private static func field(_ key: String) throws(AdminProblem) -> Field {
        guard let field = Field(rawValue: key) else {
            let all = Field.allCases.map(\.rawValue).joined(separator: ", ")
            throw .badRequest("there is no field `\(key)`; there are \(all)")
        }
        return field
    }

    private static func list(_ key: String) throws(AdminProblem) -> Field {
        let lists = ["groups", "tags", "interfaces", "parents"]
        guard lists.contains(key) else {
            throw .badRequest("`\(key)` is no list to add to; lists are \(lists.joined(separator: ", "))")
        }
        return try field(key)
    }

    private static func words(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
    }

    func apply(
        read: (Field) -> String?, write: (Field, String?) throws(InvalidValue) -> Void
    ) throws(InvalidValue) {
        for (field, text) in set { try write(field, text) }
        for (field, words) in add {
            let there = Self.words(read(field) ?? "")
            try write(field, (there + words.filter { !there.contains($0) }).joined(separator: ","))
        }
        for (field, words) in remove {
            // An interface is told by its MAC address alone.
            let rest = Self.words(read(field) ?? "").filter { word in
                !words.contains(word) && !words.contains { word.hasPrefix($0 + "/") }
            }
            try write(field, rest.joined(separator: ","))
        }
    }
}
