/// Takes a `capsule.yaml` apart, and goes on after each problem: a person mends them all at once.
struct DescriptionReader {
    private(set) var problems: [DescriptionError.Problem] = []

    mutating func complain(_ line: Int, _ key: String, _ reason: String) {
        problems.append(DescriptionError.Problem(line: line, key: key, reason: reason))
    }

    /// The fields of a mapping; a key that is not among `known`, or comes twice, is a problem.
    mutating func fields(
        of node: DescriptionNode, at place: String, known: [String]
    ) -> [String: DescriptionNode] {
        guard case .mapping(let fields) = node.value else {
            if node.value != .nothing {
                complain(node.line, place.isEmpty ? "file" : place, "expected 'key: value' lines")
            }
            return [:]
        }
        var found: [String: DescriptionNode] = [:]
        for field in fields {
            let key = Self.join(place, field.key)
            if !known.contains(field.key) {
                complain(field.line, key, "no such key; there are: \(known.joined(separator: ", "))")
            } else if found.updateValue(field.value, forKey: field.key) != nil {
                complain(field.line, key, "it is said twice")
            }
        }
        return found
    }

    /// One value; nil where there is none, or another kind.
    mutating func text(_ node: DescriptionNode?, at key: String) -> String? {
        guard let node else { return nil }
        switch node.value {
        case .nothing: return nil
        case .scalar(let text): return text
        case .list, .mapping:
            complain(node.line, key, "expected one value")
            return nil
        }
    }

    /// A value that `read` takes.
    mutating func value<Value>(
        _ node: DescriptionNode?, at key: String, expected: String, _ read: (String) -> Value?
    ) -> Value? {
        guard let node, let text = text(node, at: key) else { return nil }
        guard let value = read(text) else {
            complain(node.line, key, "'\(text)' is not \(expected)")
            return nil
        }
        return value
    }

    /// The items of a list; one value is a list of one.
    mutating func items(_ node: DescriptionNode?, at key: String) -> [DescriptionNode] {
        guard let node else { return [] }
        switch node.value {
        case .nothing: return []
        case .scalar: return [node]
        case .list(let items): return items
        case .mapping:
            complain(node.line, key, "expected a list, each item after a '-'")
            return []
        }
    }

    /// A list of values that `read` takes.
    mutating func list<Value>(
        _ node: DescriptionNode?, at key: String, expected: String, _ read: (String) -> Value?
    ) -> [Value] {
        var values: [Value] = []
        for (index, item) in items(node, at: key).enumerated() {
            if let value = value(item, at: "\(key)[\(index + 1)]", expected: expected, read) { values.append(value) }
        }
        return values
    }

    /// What must be there.
    mutating func required<Value>(_ value: Value?, _ node: DescriptionNode, at key: String) -> Value? {
        if value == nil, !problems.contains(where: { $0.key == key }) { complain(node.line, key, "it is missing") }
        return value
    }

    static func join(_ place: String, _ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }
}
