import BootMachine
import BootProtocols

/// What can be read and written of a node by name: on the command line, by the API, in the history. All values have a
/// form as text; nil is a value that is not there.
public enum NodeField: String, Codable, CaseIterable, Hashable, Sendable {
    case name, enabled, approved, address, interfaces, uuid, serial, groups
    case capsule, provider, handoff, kernelArguments, console, nodeRate
    case power, powerUser, bmc
    case nextBoot, desiredGeneration, achievedGeneration, tags, comment

    /// Those that groups have as well.
    public static let settings: [NodeField] = [
        .capsule, .provider, .handoff, .kernelArguments, .console, .nodeRate, .power, .powerUser,
    ]
}

extension Node {
    public subscript(field: NodeField) -> String? {
        switch field {
        case .name: name
        case .enabled: enabled ? "yes" : "no"
        case .approved: approved ? "yes" : "no"
        case .address: address?.description
        case .interfaces: Self.list(interfaces.map(\.text))
        case .uuid: uuid
        case .serial: serial
        case .groups: Self.list(groups)
        case .capsule, .provider, .handoff, .kernelArguments, .console, .nodeRate, .power, .powerUser: settings[field]
        case .bmc: bmc
        case .nextBoot: nextBoot?.text
        case .desiredGeneration: desiredGeneration
        case .achievedGeneration: achievedGeneration
        case .tags: Self.list(tags)
        case .comment: comment
        }
    }

    private static func list(_ words: [String]) -> String? { words.isEmpty ? nil : words.joined(separator: ",") }

    /// Takes a value over that is written as text. Whether a group or a capsule of that name exists is not looked at.
    public mutating func set(_ field: NodeField, to text: String?) throws(InvalidValue) {
        do throws(InvalidValue) {
            try read(text.flatMap { $0.isEmpty ? nil : $0 }, as: field)
        } catch {
            throw InvalidValue(field: error.field ?? field.rawValue, error.value, expected: error.expected)
        }
    }

    private mutating func read(_ text: String?, as field: NodeField) throws(InvalidValue) {
        switch field {
        case .name: name = try NodeName.validated(text ?? "")
        case .enabled: enabled = try FieldText.flag(text)
        case .approved: approved = try FieldText.flag(text)
        case .address: address = if let text { try .validated(text) } else { nil }
        case .interfaces: interfaces = try FieldText.interfaces(text, besides: mac)
        case .uuid: uuid = try FieldText.uuid(text)
        case .serial: serial = try FieldText.line(text)
        case .groups: groups = try FieldText.names(text)
        case .capsule, .provider, .handoff, .kernelArguments, .console, .nodeRate, .power, .powerUser:
            try settings.set(field, to: text)
        case .bmc: bmc = try FieldText.bmc(text)
        case .nextBoot: nextBoot = if let text { try NextBoot(text: text) } else { nil }
        case .desiredGeneration: desiredGeneration = try FieldText.word(text)
        case .achievedGeneration: achievedGeneration = try FieldText.word(text)
        case .tags: tags = try FieldText.names(text)
        case .comment: comment = try FieldText.line(text)
        }
    }

    /// The fields in which two nodes differ.
    public func difference(to other: Node) -> [NodeField] {
        NodeField.allCases.filter { field in
            switch field {
            case .name: name != other.name
            case .enabled: enabled != other.enabled
            case .approved: approved != other.approved
            case .address: address != other.address
            case .interfaces: interfaces != other.interfaces
            case .groups: groups != other.groups
            case .tags: tags != other.tags
            case .nextBoot: nextBoot != other.nextBoot
            default: self[field] != other[field]
            }
        }
    }
}

extension NodeSettings {
    /// Nil for fields that are no settings.
    public subscript(field: NodeField) -> String? {
        switch field {
        case .capsule: capsule
        case .provider: provider?.rawValue
        case .handoff: handoff?.rawValue
        case .kernelArguments: kernelArguments
        case .console: console
        case .nodeRate: nodeRate.map { String($0 / 1_000_000) }
        case .power: power?.rawValue
        case .powerUser: powerUser
        default: nil
        }
    }

    public mutating func set(_ field: NodeField, to text: String?) throws(InvalidValue) {
        switch field {
        case .capsule: capsule = try FieldText.word(text)
        case .provider: provider = try FieldText.choice(text)
        case .handoff: handoff = try FieldText.choice(text)
        case .kernelArguments: kernelArguments = try FieldText.arguments(text)
        case .console: console = try FieldText.word(FieldText.arguments(text))
        case .nodeRate: nodeRate = try FieldText.megabytes(text)
        case .power: power = try FieldText.choice(text)
        case .powerUser: powerUser = try FieldText.user(text)
        default: break
        }
    }
}
