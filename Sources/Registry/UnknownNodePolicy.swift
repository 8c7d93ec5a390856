/// What becomes of a MAC that boots from the network and is in no registry.
public enum UnknownNodePolicy: String, Codable, CaseIterable, Hashable, Sendable {
    /// It becomes a node with the next free name of the template and boots the default capsule.
    case register
    /// It boots stage 1, reports what it is, and waits for an admin.
    case quarantine
    /// It gets no boot program.
    case ignore
}

/// How unknown nodes are named: a base and a number padded with zeros, `n` and 4 for `n0001`.
public struct NameTemplate: Hashable, Sendable {
    public var base: String
    public var digits: Int

    public init(base: String = "n", digits: Int = 4) {
        self.base = base
        self.digits = digits
    }

    /// The name with a number in it.
    public func name(_ number: Int) -> String {
        let text = String(number)
        return base + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
