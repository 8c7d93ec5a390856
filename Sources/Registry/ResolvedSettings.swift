public import BootMachine

/// What a node does by, each value with where it came from.
public struct ResolvedSettings: Hashable, Sendable {
    public enum Source: Hashable, Sendable, CustomStringConvertible {
        case node
        case group(String)
        case server

        public var description: String {
            switch self {
            case .node: "the node"
            case .group(NodeGroup.everybody): "all nodes"
            case .group(let name): "group \(name)"
            case .server: "the server"
            }
        }
    }

    public struct Value<Wrapped: Hashable & Sendable>: Hashable, Sendable {
        public var value: Wrapped
        public var source: Source
    }

    public private(set) var capsule: Value<String>?
    public private(set) var provider: Value<NodeProvider>?
    public private(set) var handoff: Value<Plan.Handoff>?
    public private(set) var kernelArguments: Value<String>?
    public private(set) var console: Value<String>?
    /// In bytes a second.
    public private(set) var nodeRate: Value<Int64>?
    public private(set) var power: Value<PowerProtocol>?
    public private(set) var powerUser: Value<String>?

    public init() {}

    mutating func fill(from settings: NodeSettings, _ source: Source) {
        func keep<Wrapped>(_ place: inout Value<Wrapped>?, _ value: Wrapped?) {
            if place == nil, let value { place = Value(value: value, source: source) }
        }
        keep(&capsule, settings.capsule)
        keep(&provider, settings.provider)
        keep(&handoff, settings.handoff)
        keep(&kernelArguments, settings.kernelArguments)
        keep(&console, settings.console)
        keep(&nodeRate, settings.nodeRate)
        keep(&power, settings.power)
        keep(&powerUser, settings.powerUser)
    }

    /// The kernel's arguments with the console in them: all that they say of consoles gives way to it. The screen stays
    /// one, and the console of the node is the last, which is where `/dev/console` leads (the kernel's
    /// admin-guide/serial-console).
    public var kernelCommandLine: String {
        let arguments = kernelArguments?.value ?? ""
        guard let console else { return arguments }
        let rest = arguments.split(separator: " ").filter { !$0.hasPrefix("console=") }.joined(separator: " ")
        return "console=tty0 console=\(console.value)\(rest.isEmpty ? "" : " ")\(rest)"
    }
}
