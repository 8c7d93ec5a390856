public import Registry

/// What a machine's power can be asked to do.
public enum PowerAction: String, Codable, CaseIterable, Hashable, Sendable {
    case status
    case on
    /// At once, as by a held button.
    case off
    /// The OS is asked to shut down.
    case shutdown
    /// Off, and on again. A machine that is off is switched on.
    case cycle
    /// As by its reset button. A machine that is off is switched on.
    case reset

    /// After it the machine boots.
    public var boots: Bool { [.on, .cycle, .reset].contains(self) }
}

/// A password. It goes to programs by their environment or input, and shows nowhere else.
public struct PowerSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
{
    let text: String

    /// Nil for an empty one, one over 255 bytes, or one with control characters.
    public init?(_ text: String) {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
        guard isPlain, (1...255).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    public var description: String { "a secret" }
    public var debugDescription: String { "a secret" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// One machine's BMC, and how to speak to it.
public struct PowerTarget: Hashable, Sendable {
    public var node: String
    /// A host name or IPv4 address; with `:PORT`, and for Redfish with the path of one system of several.
    public var address: BMCAddress
    public var method: PowerProtocol
    public var user: String
    public var secret: PowerSecret

    public init(node: String, address: BMCAddress, method: PowerProtocol, user: String, secret: PowerSecret) {
        self.node = node
        self.address = address
        self.method = method
        self.user = user
        self.secret = secret
    }
}

/// What became of one machine.
public struct PowerReport: Codable, Hashable, Sendable {
    public var node: String
    /// `on`, `off`, or what was begun: `cycled`.
    public var result: String?
    /// Why nothing was done.
    public var problem: String?

    public init(node: String, result: String? = nil, problem: String? = nil) {
        self.node = node
        self.result = result
        self.problem = problem
    }
}

/// Why a BMC did not do what it was asked to.
public enum PowerProblem: Error, Hashable, Sendable, CustomStringConvertible {
    case programMissing(String, package: String)
    /// With what the program said, in one line.
    case failed(String)
    case late(seconds: Int)
    case badAnswer(String)

    public var description: String {
        switch self {
        case .programMissing(let name, let package):
            "there is no program `\(name)` here; install the package \(package)"
        case .failed(let text): text
        case .late(let seconds): "the BMC did not answer within \(seconds) s"
        case .badAnswer(let text): "the BMC's answer does not read: \(text)"
        }
    }
}
