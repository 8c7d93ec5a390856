import Registry

/// What has fields with texts as values: a node, or a group.
protocol FieldHolder {
    associatedtype Field: RawRepresentable<String> & CaseIterable & Hashable

    /// What it is called in an error.
    static var noun: String { get }

    subscript(field: Field) -> String? { get }

    mutating func set(_ field: Field, to text: String?) throws(InvalidValue)
}

extension FieldHolder {
    /// Sets fields by their names, in the order of these: of several bad values it is always the same that is told.
    mutating func set(_ values: [String: String]) throws(InvalidValue) {
        for (key, text) in values.sorted(by: { $0.key < $1.key }) {
            guard let field = Field(rawValue: key) else { throw InvalidValue(key, expected: "field of a \(Self.noun)") }
            try set(field, to: text)
        }
    }
}

extension Node: FieldHolder {
    typealias Field = NodeField

    static var noun: String { "node" }
}

extension NodeGroup: FieldHolder {
    static var noun: String { "group" }
}

/// What a request does to the fields of each node or group that it means, read once.
struct FieldSteps<Holder: FieldHolder> {
    typealias Field = Holder.Field

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

    /// What becomes of a node or group by these steps.
    func applied(to old: Holder) throws(AdminProblem) -> Holder {
        var new = old
        do throws(InvalidValue) { try apply(to: &new) } catch { throw .badRequest("\(error)") }
        return new
    }

    private func apply(to holder: inout Holder) throws(InvalidValue) {
        for (field, text) in set { try holder.set(field, to: text) }
        for (field, words) in add {
            let there = Self.words(holder[field] ?? "")
            try holder.set(field, to: (there + words.filter { !there.contains($0) }).joined(separator: ","))
        }
        for (field, words) in remove {
            // An interface is told by its MAC address alone.
            let rest = Self.words(holder[field] ?? "").filter { word in
                !words.contains(word) && !words.contains { word.hasPrefix($0 + "/") }
            }
            try holder.set(field, to: rest.joined(separator: ","))
        }
    }
}
