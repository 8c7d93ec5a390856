import Administration
import ArgumentParser
import BootMachine
import Registry

/// The options for what nodes and groups may both say.
struct SettingOptions: ParsableArguments {
    @Option(
        help: "What they boot: NAME@GENERATION or NAME:CHANNEL.",
        completion: .custom { _, _, _ in CapsuleNames.all() })
    var capsule: String?
    @Option(help: "How they get what they run: diskless, disk, local or virtual.")
    var provider: String?
    @Option(help: "How stage 1 hands over: switch or kexec.")
    var handoff: String?
    @Option(help: "Arguments for the kernel of stage 1, in place of the server's.")
    var kernelArguments: String?
    @Option(help: "Where the kernel talks, such as ttyS1,115200.")
    var console: String?
    @Option(help: "How fast they may fetch capsules, in megabytes a second; counts at once.")
    var nodeRate: String?
    @Option(help: "How its BMC is spoken to: ipmi, redfish, redfish-unverified or redfish-plain.")
    var power: String?
    @Option(help: "The BMC's user; its password is for `perseid power secret`.")
    var powerUser: String?
    @Option(help: "A note of one line.")
    var comment: String?

    var fields: [(String, String?)] {
        [
            ("capsule", capsule), ("provider", provider), ("handoff", handoff), ("kernelArguments", kernelArguments),
            ("console", console), ("nodeRate", nodeRate), ("power", power), ("powerUser", powerUser),
            ("comment", comment),
        ]
    }
}

/// The options for what a group has.
struct GroupOptions: ParsableArguments {
    @Option(help: "Groups whose settings it takes where it has none, between commas; those that come first win.")
    var inherits: String?
    @OptionGroup var settings: SettingOptions

    var fields: [(String, String?)] { settings.fields + [("parents", inherits)] }
}

/// The options for what a node alone has.
struct IdentityOptions: ParsableArguments {
    @Option(help: "IPv4 address that DHCP gives it, and nobody else.")
    var address: String?
    @Option(help: "Its other interfaces, between commas: MAC, MAC/NAME or MAC/NAME/ADDRESS.")
    var interfaces: String?
    @Option(help: "UUID of its mainboard.")
    var uuid: String?
    @Option(help: "Serial number.")
    var serial: String?
    @Option(help: "Its groups, between commas; those that come first win.")
    var groups: String?
    @Option(help: "Words to select it by, between commas.")
    var tags: String?
    @Option(help: "Where its BMC is: HOST, HOST:PORT or HOST/redfish/v1/Systems/ID; else where the machine says.")
    var bmc: String?
    @Option(help: "Exact generation that its disk is to hold, NAME@GENERATION.")
    var desiredGeneration: String?

    var fields: [(String, String?)] {
        [
            ("address", address), ("interfaces", interfaces), ("uuid", uuid), ("serial", serial), ("groups", groups),
            ("tags", tags), ("bmc", bmc), ("desiredGeneration", desiredGeneration),
        ]
    }
}

/// The flags that take values away.
struct UnsetOptions: ParsableArguments {
    @Flag(help: "What they boot.")
    var capsule = false
    @Flag(help: "How they get what they run.")
    var provider = false
    @Flag(help: "How stage 1 hands over.")
    var handoff = false
    @Flag(help: "The kernel's arguments.")
    var kernelArguments = false
    @Flag(help: "Where the kernel talks.")
    var console = false
    @Flag(help: "How fast they may fetch capsules.")
    var nodeRate = false
    @Flag(help: "The note.")
    var comment = false
    @Option(help: "Other fields by name, between commas, as `show` has them.")
    var fields: String?

    /// Each field with an empty text.
    func values() throws -> [String: String] {
        let flags = [
            ("capsule", capsule), ("provider", provider), ("handoff", handoff), ("kernelArguments", kernelArguments),
            ("console", console), ("nodeRate", nodeRate), ("comment", comment),
        ]
        let keys = flags.filter(\.1).map(\.0) + (fields ?? "").split(separator: ",").map(String.init)
        guard !keys.isEmpty else {
            throw ValidationError("nothing to unset: say --capsule, --fields address, or others")
        }
        return Dictionary(keys.map { ($0, "") }, uniquingKeysWith: { first, _ in first })
    }
}

/// The options that add to lists and take away from them.
struct ListOptions: ParsableArguments {
    @Option(help: "Groups to be in as well, after those that are there.")
    var addGroups: String?
    @Option(help: "Groups to be in no more.")
    var removeGroups: String?
    @Option(help: "Tags to have as well.")
    var addTags: String?
    @Option(help: "Tags to have no more.")
    var removeTags: String?
    @Option(help: "Interfaces to have as well: MAC, MAC/NAME or MAC/NAME/ADDRESS.")
    var addInterfaces: String?
    @Option(help: "MAC addresses of interfaces to have no more.")
    var removeInterfaces: String?

    var added: [String: String] {
        [("groups", addGroups), ("tags", addTags), ("interfaces", addInterfaces)].present
    }

    var removed: [String: String] {
        [("groups", removeGroups), ("tags", removeTags), ("interfaces", removeInterfaces)].present
    }
}

extension [(String, String?)] {
    /// Those that were given.
    var present: [String: String] {
        Dictionary(compactMap { key, value in value.map { (key, $0) } }, uniquingKeysWith: { $1 })
    }
}

/// How a command prints what it found.
struct OutputOptions: ParsableArguments {
    @Flag(help: "For programs.")
    var json = false
    @Flag(help: "For programs that read YAML.")
    var yaml = false
    @Option(name: .short, help: ArgumentHelp("wide: more columns; json; yaml.", valueName: "form"))
    var output: String?

    var isWide: Bool { output == "wide" }
    var isForPrograms: Bool { json || yaml || output == "json" || output == "yaml" }

    /// Nil: for people.
    var form: ReshapedJSON.Form? { yaml || output == "yaml" ? .yaml : isForPrograms ? .json : nil }

    func validate() throws {
        if let output, !["wide", "json", "yaml"].contains(output) {
            throw ValidationError("`\(output)` is no form of output: wide, json or yaml")
        }
    }

    /// Prints resources as JSON or YAML.
    func print(_ value: some Encodable) throws {
        if yaml || output == "yaml" { return try printYAML(value) }
        try printJSON(value)
    }
}
