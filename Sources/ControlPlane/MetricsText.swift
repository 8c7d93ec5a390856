/// Numbers for Prometheus, in its text form (text/plain; version=0.0.4).
public struct MetricsText: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// It only grows, and begins at 0 with the program. Its name ends with `_total`.
        case counter
        case gauge
    }

    public private(set) var text = ""

    public init() {}

    /// Adds a metric with one value.
    public mutating func add(_ kind: Kind, _ name: String, _ help: String, _ value: Int64) {
        add(kind, name, help, [([], value)])
    }

    /// Adds a metric with a value for each set of labels; none, and nothing is added.
    /// - Parameter help: one line, with the unit.
    public mutating func add(
        _ kind: Kind, _ name: String, _ help: String, _ values: [(labels: [(String, String)], value: Int64)]
    ) {
        guard !values.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        for (labels, value) in values {
            let inner = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
            text += "\(name)\(inner.isEmpty ? "" : "{\(inner)}") \(value)\n"
        }
    }

    private static func escaped(_ text: String) -> String {
        String(
            text.flatMap { character -> [Character] in
                switch character {
                case "\\": ["\\", "\\"]
                case "\"": ["\\", "\""]
                case "\n": ["\\", "n"]
                default: [character]
                }
            })
    }
}
