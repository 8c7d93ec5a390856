import Administration
import ArgumentParser
import BootLab
import CapsuleStore
import DiskLayout
import Foundation
import LayoutFiles

struct LayoutCaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Writes the layout of a running machine in the YAML form.",
        discussion: """
            Looks at disks, partitions, arrays, volumes, file systems and fstab of this machine, of a node, or of any \
            machine that ssh gets to, and writes the layout that an install makes such disks by. The last partition of a \
            disk becomes what is left of it, so that disks of some sectors more or less do. What no layout can say goes to \
            standard error. Nothing is changed there.

            Examples:
              perseid layout capture > default.yaml                 this machine
              perseid layout capture n001 > STATE/layouts/default.yaml
              perseid layout capture ssh://root@golden.example/ --disk /dev/sda
            """)

    @OptionGroup var state: StateOption
    @Argument(
        help: "A node, or ssh://[USER@]HOST[:PORT]/. Without: this machine.",
        completion: .custom { _, _, _ in NodeNames.all() })
    var machine: String?
    @Option(help: "A disk that is meant. May be given several times; without: all.")
    var disk: [String] = []
    @OptionGroup var ssh: SSHOptions

    func run() async throws {
        let source = try await machine.asyncMap { try await ssh.client($0, state) }
        let words = ["--json", "--bytes", "--output", LayoutCapture.columns]
        let captured: LayoutCapture
        if let source {
            captured = try LayoutCapture(
                lsblk: Data(try await ssh.output(of: "lsblk " + words.joined(separator: " "), on: source).utf8),
                mdstat: try await ssh.output(of: "cat /proc/mdstat 2>/dev/null || true", on: source),
                fstab: try await ssh.output(of: "cat /etc/fstab", on: source), disks: disk.isEmpty ? nil : disk)
        } else {
            captured = try LayoutCapture(
                lsblk: Data(try await Program("lsblk", words, package: "util-linux").run().utf8),
                mdstat: (try? String(contentsOfFile: "/proc/mdstat", encoding: .utf8)) ?? "",
                fstab: (try? String(contentsOfFile: "/etc/fstab", encoding: .utf8)) ?? "",
                disks: disk.isEmpty ? nil : disk)
        }
        for line in captured.leftOut { say("left out: \(line)") }
        try captured.layout.check()
        print(captured.layout.yaml, terminator: "")
    }
}

extension Optional {
    fileprivate func asyncMap<Result>(_ body: (Wrapped) async throws -> Result) async throws -> Result? {
        guard let value = self else { return nil }
        return try await body(value)
    }
}

/// How machines that run are gone to.
struct SSHOptions: ParsableArguments {
    @Option(help: "Who to be on a node.")
    var user = "root"
    @Option(help: "An ssh_config(5) in the place of your own.")
    var sshConfig: String?

    /// The machine that text means: an address of ssh's, or a node by its name, where DHCP has it or the registry says.
    func client(_ text: String, _ state: StateOption) async throws -> GoldenClient {
        if text.hasPrefix("ssh://") {
            guard let client = GoldenClient(text) else {
                throw ValidationError("`\(text)` is no ssh://[USER@]HOST[:PORT]/")
            }
            return client
        }
        let node = try await RegistrySession(state).node(text)
        guard let address = node.fields["address"] ?? node.currentAddress else {
            throw ValidationError(
                "\(node.name) has no address: it has no lease now, and none of its own; write ssh://USER@HOST/")
        }
        guard let client = GoldenClient("ssh://\(user)@\(address)/") else {
            throw ValidationError("`\(user)` is no user's name")
        }
        return client
    }

    func output(of command: String, on client: GoldenClient) async throws -> String {
        try await client.output(of: command, configuration: sshConfig)
    }
}
