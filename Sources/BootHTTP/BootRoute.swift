import BootProtocols

/// What a request target names.
enum BootRoute: Equatable {
    /// Something of the tree of boot programs, and its path as it was asked for.
    case boot(BootName, path: String)
    case checkIn
    case report
    /// Whether the server answers.
    case health
    case manifest(capsule: String)
    case index(capsule: String)
    /// The order in which a boot read the chunks of the root.
    case trace(capsule: String)
    case keepTrace
    /// A bundle by its id, 64 hex digits.
    case bundle(String)
    /// A node's own files.
    case layer(MACAddress)
    /// The order of an installed node's update, and what its agent says of the changes.
    case update
    case updateChanges

    /// Nil for a target that names nothing here.
    init?(target: String) {
        let path = target.prefix { $0 != "?" && $0 != "#" }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 1024 else { return nil }
        // Firmware joins URLs carelessly: empty segments are dropped in place, never answered with a redirect.
        var segments: [String] = []
        for part in path.split(separator: "/") {
            guard let segment = Self.unescape(part), segment != "..", segment != "." else { return nil }
            segments.append(segment)
        }
        switch segments.first {
        case "boot": self.init(boot: segments.dropFirst())
        case "node": self.init(node: segments.dropFirst())
        default: return nil
        }
    }

    private init?(boot segments: ArraySlice<String>) {
        guard !segments.isEmpty else { return nil }
        let path = segments.joined(separator: "/")
        self = .boot(BootName(path), path: path)
    }

    private init?(node segments: ArraySlice<String>) {
        let parts = Array(segments)
        guard parts.first == "v1" else { return nil }
        if parts == ["v1", "check-in"] {
            self = .checkIn
        } else if parts == ["v1", "report"] {
            self = .report
        } else if parts == ["v1", "health"] {
            self = .health
        } else if parts == ["v1", "update"] {
            self = .update
        } else if parts == ["v1", "update", "changes"] {
            self = .updateChanges
        } else if parts.count == 3, parts[1] == "bundles", Self.isDigest(parts[2]) {
            self = .bundle(parts[2])
        } else if parts.count == 3, parts[1] == "layer", let mac = MACAddress(parts[2]) {
            self = .layer(mac)
        } else if parts.count == 4, parts[1] == "capsules", parts[3] == "manifest" {
            self = .manifest(capsule: parts[2])
        } else if parts.count == 4, parts[1] == "capsules", parts[3] == "index" {
            self = .index(capsule: parts[2])
        } else if parts.count == 4, parts[1] == "capsules", parts[3] == "trace" {
            self = .trace(capsule: parts[2])
        } else if parts == ["v1", "trace"] {
            self = .keepTrace
        } else {
            return nil
        }
    }

    /// Before the id in the target of a bundle.
    static let bundlePrefix = "/node/v1/bundles/"

    /// The id in the target of a bundle, as agents write it: what they ask for by the thousand is told at a glance.
    static func bundle(in target: String) -> String? {
        guard target.utf8.count == bundlePrefix.utf8.count + 64, target.hasPrefix(bundlePrefix) else { return nil }
        let id = Array(target.utf8)[bundlePrefix.utf8.count...]
        return id.allSatisfy { hexDigitValue($0) != nil } ? String(decoding: id, as: UTF8.self) : nil
    }

    /// Whether it takes a message, and gives nothing without.
    var isForPost: Bool {
        switch self {
        case .checkIn, .report, .update, .updateChanges, .keepTrace: true
        case .boot, .health, .manifest, .index, .trace, .bundle, .layer: false
        }
    }

    /// What the work of the cluster depends on and costs little: answered however busy the server is.
    static func isEssential(_ target: String) -> Bool {
        switch BootRoute(target: target) {
        case .checkIn, .report, .health: true
        default: false
        }
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { hexDigitValue($0) != nil }
    }

    /// Undoes per cent encoding (RFC 3986, 2.1). Nil for a broken escape, and for what no name here may hold.
    private static func unescape(_ segment: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(segment.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigitValue), let low = rest.popFirst().flatMap(hexDigitValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
