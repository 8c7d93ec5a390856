import BootMachine
import BootProtocols
import Registry

/// Nodes as `NodeResource` has them, written as JSON by hand: 100,000 by way of dictionaries and `JSONEncoder` take four
/// seconds, so they take a few tenths of one.
struct NodeJSON {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "[")]
    private let groups: GroupTree
    private let server: NodeSettings

    /// Keys in order, as `JSONEncoder.OutputFormatting.sortedKeys` has them.
    private static let fields = NodeField.allCases.filter { $0 != .name }.sorted { $0.rawValue < $1.rawValue }
    private static let settings = NodeField.settings.sorted { $0.rawValue < $1.rawValue }

    init(groups: GroupTree, server: NodeSettings, expecting count: Int) {
        self.groups = groups
        self.server = server
        bytes.reserveCapacity(count * 600)
    }

    /// - Parameters:
    ///   - lease: the address that it holds now.
    ///   - inventory: what the machine said of itself, as JSON.
    mutating func add(_ record: NodeRecord, lease: IPv4Address?, inventory: InventoryText?) {
        let node = record.node
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "{"))
        if let address = lease ?? node.address { put("currentAddress", address.description) }
        let resolved = groups.settings(of: node, server: server)
        open("effective")
        for field in Self.settings {
            guard let (value, source) = resolved.text(of: field) else { continue }
            open(field.rawValue)
            put("from", source)
            put("value", value)
            close()
        }
        close()
        open("fields")
        for field in Self.fields {
            if let text = node[field] { put(field.rawValue, text) }
        }
        close()
        if let inventory {
            key("inventory")
            bytes.append(contentsOf: inventory.json.utf8)
            put("inventoryAt", inventory.at)
        }
        put("mac", node.mac.description)
        put("name", node.name)
        put("state", record.state.rawValue)
        put("version", node.version)
        close()
    }

    mutating func end() { bytes.append(contentsOf: "]\n".utf8) }

    // MARK: - Parts

    private mutating func open(_ name: String) {
        key(name)
        bytes.append(UInt8(ascii: "{"))
    }

    private mutating func close() { bytes.append(UInt8(ascii: "}")) }

    private mutating func put(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    private mutating func put(_ name: String, _ value: Int64) {
        key(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func key(_ name: String) {
        if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    /// RFC 8259, 7.
    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
