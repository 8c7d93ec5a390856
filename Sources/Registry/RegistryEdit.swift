public import BootMachine
public import BootProtocols

/// What one admin does to one node or group: from what was there to what shall be there. Nil before: it is added; nil
/// after: it is removed.
public enum RegistryEdit: Hashable, Sendable {
    case node(from: Node?, to: Node?)
    case group(from: NodeGroup?, to: NodeGroup?)
    /// What is to become of a node's own disks. The node changes where its next boot said something of that.
    case install(from: Node, to: Node, InstallDecision)

    /// What it does to a node; nil of a group.
    public var node: (from: Node?, to: Node?)? {
        switch self {
        case .node(let from, let to): (from, to)
        case .install(let from, let to, _): (from, to)
        case .group: nil
        }
    }
}

/// What an admin decides about a node's own disks.
public struct InstallDecision: Hashable, Sendable {
    public enum Order: Hashable, Sendable {
        /// One more install, asked for at a time in milliseconds since 1970.
        case ask(at: Int64, InstallWishes)
        /// The node boots from the network again; its disk is left alone.
        case forget
    }

    /// What the history calls it, among the fields of a node.
    public static let field = "install"

    public var order: Order
    /// What is there and what is to be there, in words.
    public var words: FieldChange

    public init(_ order: Order, _ words: FieldChange) {
        self.order = order
        self.words = words
    }
}

/// Who changes something, how and when.
public struct ChangeNote: Hashable, Sendable {
    /// The user's name.
    public var author: String
    /// The command or request: `node set`.
    public var what: String
    /// Milliseconds since 1970.
    public var at: Int64

    /// What the server does by itself.
    public static let server = "perseid serve"

    public init(author: String, what: String, at: Int64) {
        self.author = author
        self.what = what
        self.at = at
    }
}

/// A node or a group as the history has it.
public enum HistorySubject: Hashable, Sendable {
    case node(MACAddress)
    case group(String)
}

/// One change as it is kept: all that one command did.
public struct RecordedChange: Hashable, Sendable {
    public var number: Int64
    public var note: ChangeNote
    /// Those asked for.
    public var items: [RecordedEdit]

    public init(number: Int64, note: ChangeNote, items: [RecordedEdit]) {
        self.number = number
        self.note = note
        self.items = items
    }
}

/// What a change did to one node or group.
public struct RecordedEdit: Hashable, Sendable {
    public enum Kind: String, Codable, Hashable, Sendable {
        case added, changed, removed
    }

    public var subject: HistorySubject
    public var kind: Kind
    /// Its name before, or if it was added, after.
    public var name: String
    /// Field by field: what it was, what it became. Of what was added or removed, all fields that have a value.
    public var fields: [String: FieldChange]

    public init(subject: HistorySubject, kind: Kind, name: String, fields: [String: FieldChange]) {
        self.subject = subject
        self.kind = kind
        self.name = name
        self.fields = fields
    }
}

/// A value before and after, as text.
public struct FieldChange: Codable, Hashable, Sendable {
    public var before: String?
    public var after: String?

    public init(_ before: String?, _ after: String?) {
        self.before = before
        self.after = after
    }
}

extension RegistryEdit {
    /// The edit as the history keeps it; nil if it changes nothing.
    public var recorded: RecordedEdit? {
        switch self {
        case .node(let before, let after):
            guard let node = before ?? after else { return nil }
            let changed =
                if let before, let after { before.difference(to: after) } else { NodeField.allCases }
            return Self.record(
                .node(node.mac), node.name, before != nil, after != nil,
                changed.map { ($0.rawValue, before?[$0], after?[$0]) })
        case .install(let before, let after, let decision):
            var edit =
                RegistryEdit.node(from: before, to: after).recorded
                ?? RecordedEdit(subject: .node(before.mac), kind: .changed, name: before.name, fields: [:])
            edit.fields[InstallDecision.field] = decision.words
            return edit
        case .group(let before, let after):
            guard let group = before ?? after else { return nil }
            let fields = NodeGroup.Field.allCases.map { ($0.rawValue, before?[$0], after?[$0]) }
            return Self.record(.group(group.name), group.name, before != nil, after != nil, fields)
        }
    }

    private static func record(
        _ subject: HistorySubject, _ name: String, _ was: Bool, _ is: Bool, _ values: [(String, String?, String?)]
    ) -> RecordedEdit? {
        var fields: [String: FieldChange] = [:]
        for (field, before, after) in values where before != after { fields[field] = FieldChange(before, after) }
        guard !fields.isEmpty || was != `is` else { return nil }
        return RecordedEdit(
            subject: subject, kind: !was ? .added : `is` ? .changed : .removed, name: name, fields: fields)
    }
}
