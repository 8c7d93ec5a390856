/// What a node boots instead of what its settings say: the next time, or until it is taken back.
public struct NextBoot: Codable, Hashable, Sendable {
    public enum Target: Hashable, Sendable {
        /// Its own disk.
        case local
        /// Its capsule is installed to its disk again.
        case install
        /// This capsule in place of its own.
        case capsule(String)
        /// Stage 1 with the network up, and a shell before it carries out its plan.
        case rescue
        /// A test of its memory.
        case memtest
        /// Stage 1 with a shell before it does anything.
        case shell
    }

    public enum Duration: String, Codable, CaseIterable, Hashable, Sendable {
        /// Used up by the first boot attempt whose script it went into.
        case once
        case always
    }

    public var target: Target
    public var duration: Duration

    public init(_ target: Target, _ duration: Duration) {
        self.target = target
        self.duration = duration
    }

    /// Reads `once local`, `always capsule=compute@12`.
    public init(text: String) throws(InvalidValue) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 2, let duration = Duration(rawValue: words[0]) else {
            throw InvalidValue(text, expected: "next boot: write `once local`, `always capsule=compute@12`")
        }
        self.init(try Target(text: words[1]), duration)
    }

    public var text: String { "\(duration.rawValue) \(target.text)" }

    /// It boots a capsule that is named here, and neither its own nor its disk.
    public var isOfAnotherCapsule: Bool { if case .capsule = target { true } else { false } }

    public init(from decoder: any Decoder) throws {
        try self.init(text: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension NextBoot.Target {
    public static let rule = "local, install, capsule=NAME@GENERATION, rescue, memtest or shell"

    public init(text: String) throws(InvalidValue) {
        switch text {
        case "local": self = .local
        case "install": self = .install
        case "rescue": self = .rescue
        case "memtest": self = .memtest
        case "shell": self = .shell
        default:
            let name = text.dropFirst("capsule=".count)
            guard text.hasPrefix("capsule="), !name.isEmpty, !name.contains(" ") else {
                throw InvalidValue(text, expected: "thing to boot: \(Self.rule)")
            }
            self = .capsule(String(name))
        }
    }

    public var text: String {
        switch self {
        case .local: "local"
        case .install: "install"
        case .capsule(let reference): "capsule=\(reference)"
        case .rescue: "rescue"
        case .memtest: "memtest"
        case .shell: "shell"
        }
    }
}
