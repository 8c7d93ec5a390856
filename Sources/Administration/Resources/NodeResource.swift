public import BootMachine
import BootProtocols
import Registry

// What `/api/v1` gives and takes, as JSON. Addresses are text, times milliseconds since 1970. `ControlPlane` serves it
// by the daemon's socket; a command without a daemon calls the same code.

/// A node: `/api/v1/nodes`.
public struct NodeResource: Codable, Hashable, Sendable {
    public var name: String
    public var mac: String
    public var state: String
    /// The lease that it holds, or its own address.
    public var currentAddress: String?
    /// The number of the change that wrote it last.
    public var version: Int64
    /// What the node itself says, by the names of `NodeField`, as text.
    public var fields: [String: String]
    /// What it does by, with where that comes from.
    public var effective: [String: EffectiveValue]
    /// What the machine said of itself last, and when, in milliseconds since 1970.
    public var inventory: Inventory?
    public var inventoryAt: Int64?

    public struct EffectiveValue: Codable, Hashable, Sendable {
        public var value: String
        /// `the node`, `group gpu`, `all nodes`, `the server`.
        public var from: String
    }
}

/// What a new node shall be. `fields` are those of `NodeField`, as text.
public struct NodeDraft: Codable, Hashable, Sendable {
    public var name: String
    public var mac: String
    public var fields: [String: String]
    /// Where it stands in a list, from 1; problems name it.
    public var line: Int?

    public init(name: String, mac: String, fields: [String: String] = [:], line: Int? = nil) {
        self.name = name
        self.mac = mac
        self.fields = fields
        self.line = line
    }
}

extension NodeResource {
    init(
        _ record: NodeRecord, _ resolved: ResolvedSettings, currentAddress: String?, inventory: StoredInventory?
    ) {
        let node = record.node
        name = node.name
        mac = node.mac.description
        state = record.state.rawValue
        self.currentAddress = currentAddress ?? node.address?.description
        version = node.version
        fields = [:]
        for field in NodeField.allCases where field != .name { fields[field.rawValue] = node[field] }
        effective = resolved.effective
        self.inventory = inventory?.inventory
        inventoryAt = inventory?.at
    }
}

extension ResolvedSettings {
    /// By the names of `NodeField`.
    var effective: [String: NodeResource.EffectiveValue] {
        var values: [String: NodeResource.EffectiveValue] = [:]
        for field in NodeField.settings {
            if let (value, source) = text(of: field) { values[field.rawValue] = .init(value: value, from: source) }
        }
        return values
    }

    func text(of field: NodeField) -> (value: String, source: String)? {
        switch field {
        case .capsule: capsule.map { ($0.value, "\($0.source)") }
        case .provider: provider.map { ($0.value.rawValue, "\($0.source)") }
        case .handoff: handoff.map { ($0.value.rawValue, "\($0.source)") }
        case .kernelArguments: kernelArguments.map { ($0.value, "\($0.source)") }
        case .console: console.map { ($0.value, "\($0.source)") }
        case .nodeRate: nodeRate.map { (String($0.value / 1_000_000), "\($0.source)") }
        case .power: power.map { ($0.value.rawValue, "\($0.source)") }
        case .powerUser: powerUser.map { ($0.value, "\($0.source)") }
        default: nil
        }
    }
}
