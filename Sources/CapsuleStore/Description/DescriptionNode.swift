/// What a YAML file says, with the lines where it says it: the reader of YAML is elsewhere.
public struct DescriptionNode: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case nothing
        case scalar(String)
        case list([DescriptionNode])
        case mapping([Field])
    }

    public struct Field: Hashable, Sendable {
        public var key: String
        /// From 1.
        public var line: Int
        public var value: DescriptionNode

        public init(key: String, line: Int, value: DescriptionNode) {
            self.key = key
            self.line = line
            self.value = value
        }
    }

    /// From 1.
    public var line: Int
    public var value: Value

    public init(line: Int, value: Value) {
        self.line = line
        self.value = value
    }
}

/// All that is wrong with a `capsule.yaml`.
public struct DescriptionError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Problem: Hashable, Sendable {
        /// From 1.
        public var line: Int
        /// `files[2].mode`
        public var key: String
        public var reason: String

        public init(line: Int, key: String, reason: String) {
            self.line = line
            self.key = key
            self.reason = reason
        }
    }

    public var file: String
    /// In the order of their lines; at least one.
    public var problems: [Problem]

    public init(file: String, problems: [Problem]) {
        self.file = file
        self.problems = problems.sorted { ($0.line, $0.key) < ($1.line, $1.key) }
    }

    public var description: String {
        problems.map { "\(file):\($0.line): \($0.key): \($0.reason)" }.joined(separator: "\n")
    }
}
