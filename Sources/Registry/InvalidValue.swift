/// A value that a node or a group cannot have.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it was to be: `name`, `address`; nil where the sentence says it.
    public var field: String?
    public var value: String
    /// What it should have been, to follow "is no".
    public var expected: String

    public init(field: String? = nil, _ value: String, expected: String) {
        self.field = field
        self.value = value
        self.expected = expected
    }

    public var description: String { "\(field.map { "\($0): " } ?? "")`\(value)` is no \(expected)" }
}
