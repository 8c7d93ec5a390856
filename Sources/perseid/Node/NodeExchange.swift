public import ArgumentParser
import BootProtocols
import CapsuleFormat
import Foundation
public import NodeLists
import Registry
import RegistrySQLite

extension NodeListFormat: ExpressibleByArgument {}
extension NodeExport: ExpressibleByArgument {}

struct NodeImport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Adds the nodes of a list.",
        discussion: """
            Reads the whole list first: all that is wrong with it is said with its line, and then nothing is written. A \
            node that is there already with this name and MAC address stays as it is.

            Forms: ethers and macs (`MAC NAME`, `MAC # NAME`), perceus (a table with headings), warewulf (nodes.conf), \
            dnsmasq (dhcp-host lines), dhcpd (host declarations), csv (with headings name and mac).

            Examples:
              perseid node import /etc/ethers --dry-run
              perseid node import nodes.conf --format warewulf --capsule compute:stable -y
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var edit: NodeEdit
    @Argument(help: "The list; - for standard input.")
    var file: String
    @Option(help: "Its form. Without: as it looks.")
    var format: NodeListFormat?
    @Option(help: "What the new nodes boot: NAME@GENERATION or NAME:CHANNEL.")
    var capsule: String?

    /// Bytes that a list may have.
    private static let largest = 64 << 20

    func validate() throws {
        if let capsule { _ = try CapsuleReference.validated(capsule) }
    }

    func run() throws {
        let text = try read()
        guard let format = format ?? NodeListFormat.guess(text, fileName: file) else {
            let forms = NodeListFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(file): what form is this? Say --format, one of \(forms)")
        }
        var list = format.read(text)
        let registry = try state.open().openRegistry()
        let new = list.nodes(notIn: try registry.nodes().map(\.node))
        guard list.problems.isEmpty else {
            throw ListRefused(file: file, format: format, problems: list.problems)
        }
        let nodes = new.map { Node(mac: $0.mac, name: $0.name, capsule: capsule) }
        try edit.carryOut(
            nodes.map { .node($0) }, nodes.map { "\($0.name): new, \($0.mac)" }, on: nodes.count, in: registry)
    }

    private func read() throws -> String {
        let handle = file == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        let data = try handle.read(upToCount: Self.largest + 1) ?? Data()
        guard data.count <= Self.largest else {
            throw ValidationError("\(file) has more than \(Self.largest >> 20) MiB")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw ValidationError("\(file) is not UTF-8 text") }
        return text
    }
}

/// A list with something wrong in it.
struct ListRefused: Error, CustomStringConvertible {
    let file: String
    let format: NodeListFormat
    let problems: [ListProblem]

    var description: String {
        let lines = problems.map { "  \($0)" }.joined(separator: "\n")
        let count = problems.count == 1 ? "one problem" : "\(problems.count) problems"
        return "\(file) (\(format.rawValue)) has \(count); nothing was written:\n\(lines)"
    }
}

extension NodeLists.NodeList {
    /// The machines of the list that are not among `existing`; those at odds with one of them become problems. The first
    /// MAC address counts: it is the one that the machine boots from.
    mutating func nodes(notIn existing: [Node]) -> [(name: String, mac: MACAddress)] {
        let byName = Dictionary(existing.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let byMAC = Dictionary(existing.map { ($0.mac, $0) }, uniquingKeysWith: { first, _ in first })
        var new: [(name: String, mac: MACAddress)] = []
        for listed in nodes {
            guard let mac = listed.macs.first else { continue }
            if let there = byMAC[mac], there.name != listed.name {
                problems.append(ListProblem(line: listed.line, "\(mac) is the node \(there.name) here"))
            } else if let there = byName[listed.name], there.mac != mac {
                problems.append(ListProblem(line: listed.line, "the node \(listed.name) has \(there.mac) here"))
            } else if byMAC[mac] == nil {
                new.append((listed.name, mac))
            }
        }
        problems.sort { $0.line < $1.line }
        return new
    }
}

struct NodeExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes nodes as other programs read them.",
        discussion: """
            Forms: hosts, ethers, c3, genders, clustershell, slurm, ansible, dnsmasq, dhcpd, csv.

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

    func run() throws {
        let registry = try state.open().openRegistry()
        let records = try nodes.records(in: registry, emptyMeansAll: true)
        let addresses = Dictionary(
            try registry.load().leases.map { ($0.mac, $0.address) }, uniquingKeysWith: { first, _ in first })
        let exported = records.map { record in
            ExportedNode(name: record.node.name, macs: [record.node.mac], address: addresses[record.node.mac])
        }
        print(form.text(of: exported, .init(cluster: cluster, head: head, domain: domain)), terminator: "")
    }
}
