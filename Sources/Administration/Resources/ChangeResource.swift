import BootProtocols
public import Registry

/// What shall become of nodes or groups: the body of `PATCH` and `DELETE`.
public struct ChangeRequest: Codable, Hashable, Sendable {
    /// Which ones, in the words of a selector; of groups, their names.
    public var select: [String]
    /// By field; an empty text takes the value away.
    public var set: [String: String]
    /// Words to add to the lists `groups`, `tags`, `parents`.
    public var add: [String: String]
    public var remove: [String: String]
    public var options: ChangeOptions

    public init(
        select: [String], set: [String: String] = [:], add: [String: String] = [:], remove: [String: String] = [:],
        options: ChangeOptions = ChangeOptions()
    ) {
        self.select = select
        self.set = set
        self.add = add
        self.remove = remove
        self.options = options
    }
}

extension ChangeRequest {
    /// What is not said is nothing.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            select: try values.decode([String].self, forKey: .select),
            set: try values.decodeIfPresent([String: String].self, forKey: .set) ?? [:],
            add: try values.decodeIfPresent([String: String].self, forKey: .add) ?? [:],
            remove: try values.decodeIfPresent([String: String].self, forKey: .remove) ?? [:],
            options: try values.decodeIfPresent(ChangeOptions.self, forKey: .options) ?? ChangeOptions())
    }
}

/// What shall be added: the body of `POST`.
public struct AddRequest<Draft: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    public var items: [Draft]
    /// What is there already under this name, and of nodes with this MAC address, is no conflict and stays as it is.
    public var keepExisting: Bool
    public var options: ChangeOptions

    public init(_ items: [Draft], keepExisting: Bool = false, options: ChangeOptions = ChangeOptions()) {
        self.items = items
        self.keepExisting = keepExisting
        self.options = options
    }
}

extension AddRequest {
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try values.decode([Draft].self, forKey: .items),
            keepExisting: try values.decodeIfPresent(Bool.self, forKey: .keepExisting) ?? false,
            options: try values.decodeIfPresent(ChangeOptions.self, forKey: .options) ?? ChangeOptions())
    }
}

/// How a change is to be made.
public struct ChangeOptions: Codable, Hashable, Sendable {
    /// Say what would change, and change nothing.
    public var dryRun: Bool
    /// What was seen before: a node that was changed after this change's number is refused.
    public var revision: Int64?
    /// Most nodes whose changes are told one by one.
    public var lines: Int
    /// For the history: `node set`.
    public var what: String?

    public init(dryRun: Bool = false, revision: Int64? = nil, lines: Int = 1_000_000, what: String? = nil) {
        self.dryRun = dryRun
        self.revision = revision
        self.lines = lines
        self.what = what
    }
}

extension ChangeOptions {
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        dryRun = try values.decodeIfPresent(Bool.self, forKey: .dryRun) ?? dryRun
        revision = try values.decodeIfPresent(Int64.self, forKey: .revision)
        lines = try values.decodeIfPresent(Int.self, forKey: .lines) ?? lines
        what = try values.decodeIfPresent(String.self, forKey: .what)
    }
}

/// What became of it.
public struct ChangeResult: Codable, Hashable, Sendable {
    /// The number in the history; nil: nothing was written.
    public var change: Int64?
    /// The newest change before: for a request that builds on what this one showed.
    public var revision: Int64
    /// Nodes or groups that change.
    public var count: Int
    public var items: [EditResource]
    /// What is no reason to refuse it, and may not be meant so.
    public var notes: [String]?
}

/// What a change does to one node or group.
public struct EditResource: Codable, Hashable, Sendable {
    public var name: String
    /// Of a node.
    public var mac: String?
    public var kind: RecordedEdit.Kind
    public var fields: [String: FieldChange]

    init(_ edit: RecordedEdit) {
        name = edit.name
        if case .node(let mac) = edit.subject { self.mac = mac.description }
        kind = edit.kind
        fields = edit.fields
    }

    /// One line for people: `n001: capsule compute@1 -> compute@2`.
    public var line: String {
        let words = fields.sorted { $0.key < $1.key }.map { "\($0) \($1.before ?? "-") -> \($1.after ?? "-")" }
        switch kind {
        case .added:
            let values = fields.sorted { $0.key < $1.key }.compactMap { field, change in
                ["name", "enabled", "approved"].contains(field) ? nil : change.after.map { "\(field) \($0)" }
            }
            return "\(name): " + (["new"] + [mac].compactMap { $0 } + values).joined(separator: ", ")
        case .removed: return "\(name): " + (["removed"] + [mac].compactMap { $0 }).joined(separator: ", ")
        case .changed: return "\(name): \(words.joined(separator: ", "))"
        }
    }
}

/// One entry of the history: `/api/v1/history`.
public struct HistoryResource: Codable, Hashable, Sendable {
    public var number: Int64
    public var at: Int64
    public var author: String
    public var what: String
    public var items: [EditResource]

    init(_ change: RecordedChange) {
        number = change.number
        at = change.note.at
        author = change.note.author
        what = change.note.what
        items = change.items.map(EditResource.init)
    }
}
