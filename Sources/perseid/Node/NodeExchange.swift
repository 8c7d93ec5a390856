import Administration
public import ArgumentParser
import BootProtocols
import Foundation
public import NodeLists
import Registry

extension NodeListFormat: ExpressibleByArgument {}
extension NodeExport: ExpressibleByArgument {}

struct NodeImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Adds the nodes of a list.",
        discussion: """
            Reads the whole list first: all that is wrong with it, or at odds with what is there, is said with its line, \
            and then nothing is written. A node that is there already with this name and MAC address stays as it is. \
            Addresses, further MAC addresses and comments are taken over; groups too with --with-groups, which makes \
            those that are not there yet.

            Forms: ethers and macs (`MAC NAME`, `MAC # NAME`), perceus (a table with headings), warewulf (nodes.conf), \
            dnsmasq (dhcp-host lines), dhcpd (host declarations), csv (with headings name and mac).

            Examples:
              perseid node import /etc/ethers --dry-run
              perseid node import nodes.conf --format warewulf --capsule compute:stable -y
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var flags: ChangeFlags
    @Argument(help: "The list; - for standard input.", completion: .file())
    var file: String
    @Option(help: "Its form. Without: as it looks.")
    var format: NodeListFormat?
    @Option(help: "What the new nodes boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?
    @Flag(help: "Put the nodes into the groups that the list names.")
    var withGroups = false

    func run() async throws {
        let text = try ListText.read(file)
        guard let format = format ?? NodeListFormat.guess(text, fileName: file) else {
            let forms = NodeListFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(file): what form is this? Say --format, one of \(forms)")
        }
        let list = format.read(text)
        let session = try RegistrySession(state)
        // A line with something wrong in it has been told of; what the registry would say is the same again.
        let wrong = Set(list.problems.map(\.line))
        let drafts = list.nodes.filter { !wrong.contains($0.line) }
            .compactMap { $0.draft(capsule: capsule, withGroups: withGroups) }
        // What the list itself has wrong, and what it has against the registry, belong into one answer.
        var problems = list.problems.map { (line: $0.line, text: "\($0)") }
        let options = ChangeOptions(dryRun: true, lines: 0)
        do {
            _ = try await session.change(.post, "nodes", AddRequest(drafts, keepExisting: true, options: options))
        } catch {
            guard let text = RegistrySession.conflict(error) else { throw error }
            let lines = text.split(separator: "\n").map(String.init)
            let only = drafts.count == 1 ? "line \(drafts.first?.line ?? 1): " : ""
            problems += lines.map { (line: Self.line(only + $0), text: only + $0) }
        }
        if withGroups { problems.removeAll { $0.text.contains("there is no group `") } }
        guard problems.isEmpty else {
            let sorted = problems.sorted { $0.line < $1.line }.map(\.text)
            throw ListRefused(file: file, form: format.rawValue, problems: sorted)
        }
        if !withGroups, list.nodes.contains(where: { !$0.groups.isEmpty }) {
            note("the groups of the list are left out; --with-groups takes them over")
        }
        try await flags.carryOut("node import") { options in
            // A look writes nothing, and no group that is not there yet.
            if withGroups, !options.dryRun { try await addGroups(list, session) }
            let nodes = options.dryRun ? try await lookable(drafts, session) : drafts
            return try await session.change(.post, "nodes", AddRequest(nodes, keepExisting: true, options: options))
        }
    }

    /// Without the groups that are still to be made.
    private func lookable(_ drafts: [NodeDraft], _ session: RegistrySession) async throws -> [NodeDraft] {
        guard withGroups else { return drafts }
        let known = Set(try await session.get("groups", as: [GroupResource].self).map(\.name))
        return drafts.map { draft in
            var draft = draft
            let groups = draft.fields["groups"]?.split(separator: ",").map(String.init).filter(known.contains)
            draft.fields["groups"] = groups.flatMap { $0.isEmpty ? nil : $0.joined(separator: ",") }
            return draft
        }
    }

    private func addGroups(_ list: NodeLists.NodeList, _ session: RegistrySession) async throws {
        let names = Set(list.nodes.flatMap(\.groups)).sorted()
        let request = AddRequest(
            names.map { GroupDraft(name: $0) }, keepExisting: true,
            options: ChangeOptions(lines: 0, what: "node import"))
        let added = try await session.change(.post, "groups", request)
        if added.count > 0 { print("\(added.count) \(added.count == 1 ? "group" : "groups") added") }
    }

    private static func line(_ text: String) -> Int {
        Int(text.dropFirst("line ".count).prefix { $0.isNumber }) ?? 0
    }
}

/// A list with something wrong in it.
struct ListRefused: Error, CustomStringConvertible {
    let file: String
    let form: String
    let problems: [String]

    var description: String {
        let count = problems.count == 1 ? "one problem" : "\(problems.count) problems"
        return "\(file) (\(form)) has \(count); nothing was written:\n"
            + problems.map { "  \($0)" }.joined(separator: "\n")
    }
}

extension ListedNode {
    /// The node that this line describes. The first MAC address counts: it is the one that the machine boots from.
    func draft(capsule: String?, withGroups: Bool) -> NodeDraft? {
        guard let mac = macs.first else { return nil }
        let fields: [(String, String?)] = [
            ("capsule", capsule), ("address", address?.description), ("comment", comment),
            ("interfaces", macs.count > 1 ? macs.dropFirst().map(\.description).joined(separator: ",") : nil),
            ("groups", withGroups && !groups.isEmpty ? groups.joined(separator: ",") : nil),
        ]
        return NodeDraft(name: name, mac: mac.description, fields: fields.present, line: line)
    }
}

struct NodeDefine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "define", abstract: "Adds nodes by counting: names, and addresses beside them.",
        discussion: """
            The machines' MAC addresses come from a list, one a line, in the order of the names; what follows a MAC \
            address in its line is not looked at. Everything that is in the way is said first, and then nothing is written.

            Example: perseid node define n --count 100 --digits 3 --first-address 10.0.0.11 --gateway 10.0.0.1 --macs list
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var flags: ChangeFlags
    @Argument(help: "What the names begin with.")
    var base: String
    @Option(help: "The first number.")
    var start: UInt64 = 1
    @Option(help: "How many nodes.")
    var count: UInt64
    @Option(help: "Digits that numbers are padded to with zeros; 0: none.")
    var digits = 0
    @Option(help: "Address of the first node; the next one's is one higher.")
    var firstAddress: String?
    @Option(help: "The router's address, which no node may get.")
    var gateway: String?
    @Option(help: "The subnet that all addresses must be in, such as 10.0.0.0/24.")
    var subnet: String?
    @Option(help: "File with the MAC addresses, one a line; - for standard input.", completion: .file())
    var macs: String
    @Option(help: "Groups of the new nodes, between commas.")
    var groups: String?
    @Option(help: "What they boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?

    func run() async throws {
        var range = NodeRange(base: base, start: start, count: count, digits: digits)
        range.firstAddress = try firstAddress.map { try .validated($0) }
        range.gateway = try gateway.map { try .validated($0) }
        if let subnet {
            guard let network = IPv4Subnet(subnet) else {
                throw InvalidValue(subnet, expected: "subnet, such as 10.0.0.0/24")
            }
            range.subnet = network
        }
        let list = range.nodes()
        guard list.problems.isEmpty else {
            throw ListRefused(file: base, form: "range", problems: list.problems.map(\.text))
        }
        let words = try ListText.read(macs)
            .split(whereSeparator: \.isNewline).compactMap {
                $0.split(whereSeparator: \.isWhitespace).first.map(String.init)
            }
            .filter { !$0.hasPrefix("#") }
        guard words.count == list.nodes.count else {
            throw ValidationError("\(macs) has \(words.count) MAC addresses for \(list.nodes.count) nodes")
        }
        let drafts = zip(list.nodes, words).map { node, mac in
            NodeDraft(
                name: node.name, mac: mac,
                fields: [("address", node.address?.description), ("groups", groups), ("capsule", capsule)].present,
                line: node.line)
        }
        let session = try RegistrySession(state)
        try await flags.carryOut("node define") { options in
            try await session.change(.post, "nodes", AddRequest(drafts, options: options))
        }
    }
}

struct NodeExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes nodes as other programs read them.",
        discussion: """
            Forms: hosts, ethers, c3, genders, clustershell, slurm, ansible, dnsmasq, dhcpd, csv. The address is the \
            node's own, or else that of its lease.

            Examples:
              perseid node export hosts --domain cluster.example >> /etc/hosts
              perseid node export slurm 'n*' state=ready
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "The form.")
    var form: NodeExport
    @OptionGroup var nodes: NodeSelection
    @Option(help: "The cluster's name, for c3.")
    var cluster = "cluster"
    @Option(help: "The host that the nodes are administrated from, for c3.")
    var head = ProcessInfo.processInfo.hostName
    @Option(help: "Domain of the full names, for hosts.")
    var domain: String?

    func run() async throws {
        let columns = ["name", "mac", "interfaces", "address", "currentAddress", "groups", "comment"]
        let rows = try await RegistrySession(state).table(nodes.words, columns: columns).rows
        let exported = rows.compactMap { row -> ExportedNode? in
            guard row.count == columns.count, let mac = MACAddress(row[1]) else { return nil }
            let others = row[2].split(separator: ",").compactMap { MACAddress($0.prefix { $0 != "/" }) }
            return ExportedNode(
                name: row[0], macs: [mac] + others, address: IPv4Address(row[3]) ?? IPv4Address(row[4]),
                groups: row[5].split(separator: ",").map(String.init), comment: row[6].isEmpty ? nil : row[6])
        }
        print(form.text(of: exported, .init(cluster: cluster, head: head, domain: domain)), terminator: "")
    }
}
