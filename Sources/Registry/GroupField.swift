extension NodeGroup {
    /// What can be read and written of a group by name.
    public enum Field: String, Codable, CaseIterable, Hashable, Sendable {
        case name, parents, capsule, provider, handoff, kernelArguments, console, nodeRate, power, powerUser, comment
    }

    public subscript(field: Field) -> String? {
        switch field {
        case .name: name
        case .parents: parents.isEmpty ? nil : parents.joined(separator: ",")
        case .comment: comment
        case .capsule, .provider, .handoff, .kernelArguments, .console, .nodeRate, .power, .powerUser:
            NodeField(rawValue: field.rawValue).flatMap { settings[$0] }
        }
    }

    /// Takes a value over that is written as text. Whether a group or a capsule of that name exists is not looked at.
    public mutating func set(_ field: Field, to text: String?) throws(InvalidValue) {
        let text = text.flatMap { $0.isEmpty ? nil : $0 }
        do throws(InvalidValue) {
            switch field {
            case .name: name = try NodeName.validated(text ?? "")
            case .parents: parents = try FieldText.names(text)
            case .comment: comment = try FieldText.line(text)
            case .capsule, .provider, .handoff, .kernelArguments, .console, .nodeRate, .power, .powerUser:
                if let field = NodeField(rawValue: field.rawValue) { try settings.set(field, to: text) }
            }
        } catch {
            throw InvalidValue(field: error.field ?? field.rawValue, error.value, expected: error.expected)
        }
    }
}
