import BootProtocols
import Yams

/// A mapping of a configuration file, read key by key. Each error says the file, the line, and the way to the key.
struct ConfigurationMapping {
    private let mapping: Node.Mapping
    let file: String
    /// The way to it: `subnets[0]`; empty at the top.
    let place: String
    /// Line of the file, from 1.
    let line: Int

    init(_ node: Node, file: String, place: String) throws(Configuration.Failure) {
        guard let mapping = node.mapping else {
            throw .wrong(
                file: file, line: node.line, key: place, problem: "expected `key: value` lines")
        }
        self.mapping = mapping
        self.file = file
        self.place = place
        line = node.line
        var seen: Set<String> = []
        for (key, _) in mapping {
            guard let name = key.string else { throw fail(key, "", "a key is no word") }
            guard seen.insert(name).inserted else { throw fail(key, name, "is given twice") }
        }
    }

    /// Where this was given, for errors that come later: `perseid.yaml:12: reservations[1]`.
    var origin: String { "\(file):\(line): \(place)" }

    var keys: [String] { mapping.compactMap { $0.key.string } }

    func node(_ key: String) -> Node? { mapping[key] }

    /// Refuses keys that nothing reads.
    func allow(only known: [String]) throws(Configuration.Failure) {
        for (key, _) in mapping where !known.contains(key.string ?? "") {
            throw fail(key, key.string ?? "", "is no setting here. There are \(known.joined(separator: ", "))")
        }
    }

    /// One value as it is written, nil if the key is not there.
    func text(_ key: String) throws(Configuration.Failure) -> String? {
        guard let node = mapping[key] else { return nil }
        guard let scalar = node.scalar else { throw fail(node, key, "expected one value") }
        return scalar.string
    }

    /// One value or a list of them; also `a, b`.
    func list(_ key: String) throws(Configuration.Failure) -> [String]? {
        guard let node = mapping[key] else { return nil }
        return try list(node, key)
    }

    /// One value as it stands, commas and all, or those of a list.
    func values(_ node: Node, _ key: String) throws(Configuration.Failure) -> [String] {
        if let scalar = node.scalar { return [scalar.string] }
        return try list(node, key)
    }

    func list(_ node: Node, _ key: String) throws(Configuration.Failure) -> [String] {
        if let scalar = node.scalar {
            return scalar.string.split(separator: ",").map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
        }
        guard let sequence = node.sequence else { throw fail(node, key, "expected one value or a list") }
        var values: [String] = []
        for item in sequence {
            guard let scalar = item.scalar else { throw fail(item, key, "expected a list of plain values") }
            values.append(scalar.string)
        }
        return values
    }

    func read<Value>(
        _ key: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(Configuration.Failure) -> Value? {
        guard let text = try text(key) else { return nil }
        guard let value = parse(text) else { throw wrong(key, text, expected) }
        return value
    }

    func readList<Value>(
        _ key: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(Configuration.Failure) -> [Value]? {
        guard let texts = try list(key) else { return nil }
        var values: [Value] = []
        for text in texts {
            guard let value = parse(text) else { throw wrong(key, text, expected) }
            values.append(value)
        }
        return values
    }

    /// The mappings of a list.
    func mappings(_ key: String) throws(Configuration.Failure) -> [ConfigurationMapping] {
        guard let node = mapping[key], node.null == nil else { return [] }
        guard let sequence = node.sequence else { throw fail(node, key, "expected a list, each item with a `-`") }
        var result: [ConfigurationMapping] = []
        for (index, item) in sequence.enumerated() {
            result.append(try ConfigurationMapping(item, file: file, place: path(key) + "[\(index)]"))
        }
        return result
    }

    /// A mapping within this one, nil if it is not there.
    func mapping(_ key: String) throws(Configuration.Failure) -> ConfigurationMapping? {
        guard let node = mapping[key], node.null == nil else { return nil }
        return try ConfigurationMapping(node, file: file, place: path(key))
    }

    func path(_ key: String) -> String { place.isEmpty ? key : key.isEmpty ? place : "\(place).\(key)" }

    func wrong(_ key: String, _ value: String, _ expected: String) -> Configuration.Failure {
        fail(mapping[key], key, "is `\(value)`, expected \(expected)")
    }

    func fail(_ node: Node?, _ key: String, _ problem: String) -> Configuration.Failure {
        .wrong(file: file, line: node?.line ?? line, key: path(key), problem: problem)
    }
}

extension Node {
    /// From 1.
    var line: Int { mark?.line ?? 1 }
}
