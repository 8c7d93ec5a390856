/// Which nodes a command means: `n[001-100,150] rack1* @compute state=failed -n007`.
///
/// Names, patterns and groups add up; a word that begins with `-` or `!` takes away; every `key=value` or `key!=value`
/// must hold of what is left. Where only conditions are given, they are asked of all nodes. Words are separated by
/// white space or stand as arguments of their own.
public struct NodeSelector: Hashable, Sendable {
    /// Names or a group.
    public enum Term: Hashable, Sendable {
        case names(NodePattern)
        /// `@compute`
        case group(String)
    }

    public struct Condition: Hashable, Sendable {
        public var key: String
        /// A pattern: `capsule=compute@*`.
        public var value: NodePattern
        public var isNegated: Bool
    }

    public private(set) var terms: [Term] = []
    public private(set) var exclusions: [Term] = []
    public private(set) var conditions: [Condition] = []

    /// Reads the words of a command line, each of which may hold several.
    public init(_ words: some Sequence<String>) throws(NodePatternError) {
        for argument in words {
            for word in argument.split(whereSeparator: \.isWhitespace) { try add(word) }
        }
    }

    private mutating func add(_ word: Substring) throws(NodePatternError) {
        if let sign = word.first, sign == "-" || sign == "!" {
            exclusions.append(try Self.term(word.dropFirst()))
        } else if let equals = word.firstIndex(of: "=") {
            var key = word[..<equals]
            let isNegated = key.last == "!"
            if isNegated { key.removeLast() }
            guard !key.isEmpty else { throw .noKey(String(word)) }
            conditions.append(
                Condition(
                    key: String(key), value: try NodePattern(word[word.index(after: equals)...]), isNegated: isNegated))
        } else {
            terms.append(try Self.term(word))
        }
    }

    private static func term(_ word: Substring) throws(NodePatternError) -> Term {
        guard word.first == "@" else { return .names(try NodePattern(word)) }
        guard word.count > 1 else { throw .empty }
        return .group(String(word.dropFirst()))
    }

    /// No word was given: a command that changes nodes refuses that.
    public var isEmpty: Bool { terms.isEmpty && exclusions.isEmpty && conditions.isEmpty }
}

extension NodeSelector {
    /// What a selector asks of a node.
    public struct Subject {
        public var name: String
        public var groups: [String]
        /// The values that the node has of a key, such as `state` or `capsule`; nil: there is no such key.
        public var values: (_ key: String) -> [String]?

        public init(name: String, groups: [String], values: @escaping (_ key: String) -> [String]?) {
            self.name = name
            self.groups = groups
            self.values = values
        }
    }

    /// Whether the node is meant.
    /// - Throws: `unknownKey` for a condition that no node can answer.
    public func selects(_ node: Subject) throws(NodePatternError) -> Bool {
        for condition in conditions {
            guard let values = node.values(condition.key) else { throw .unknownKey(condition.key) }
            let holds = values.contains { condition.value.matches($0) }
            guard holds != condition.isNegated else { return false }
        }
        if exclusions.contains(where: { $0.means(node) }) { return false }
        return terms.isEmpty || terms.contains { $0.means(node) }
    }

    /// The names that were written out and that none of `names` is: most likely a mistake.
    public func missing(among names: Set<String>) throws(NodePatternError) -> [String] {
        var missing: [String] = []
        for case .names(let pattern) in terms where !pattern.hasWildcards {
            missing += try pattern.names().filter { !names.contains($0) }
        }
        return missing
    }
}

extension NodeSelector.Term {
    fileprivate func means(_ node: NodeSelector.Subject) -> Bool {
        switch self {
        case .names(let pattern): pattern.matches(node.name)
        case .group(let name): node.groups.contains(name)
        }
    }
}
