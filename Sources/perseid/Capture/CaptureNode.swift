import ArgumentParser
import CapsuleFormat
import CapsuleStore
import Foundation

struct CaptureNodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture", abstract: "Makes a capsule of what a running node has on its disks.",
        discussion: """
            Copies a golden client with rsync over ssh and builds the next generation of a capsule from it, with the \
            kernel that is installed there. Left out is what belongs to that one machine: host and machine ids, host and \
            private keys, fstab, leases, logs, caches, and what is mounted from elsewhere. `perseid capsule build NAME \
            --source ssh://…` is the same with more to say.

            The node lets root in with a key that ssh finds (no password is asked for), and has rsync.

            Examples:
              perseid capture n001 compute
              perseid capture n001 compute --channel testing --exclude /scratch --exclude /opt/licences
              perseid capture ssh://admin@golden.example/ login
            """)

    @OptionGroup var state: StateOption
    @Argument(
        help: "A node, or ssh://[USER@]HOST[:PORT]/.", completion: .custom { _, _, _ in NodeNames.all() })
    var node: String
    @Argument(help: "Name of the capsule.")
    var name: String
    @Option(help: "Channel that points at the new generation; `none` moves none.")
    var channel = CapsuleReference.defaultChannel
    @Option(help: "A path to leave out too, as rsync(1) has patterns from the root. May be given several times.")
    var exclude: [String] = []
    @OptionGroup var ssh: SSHOptions

    func validate() throws {
        guard CapsuleName(name) != nil else {
            throw ValidationError("`\(name)` is no capsule name: a-z, 0-9, - _ and ., the first a letter or digit")
        }
        guard channel == "none" || CapsuleName(channel) != nil else {
            throw ValidationError("`\(channel)` is no channel name")
        }
        for path in exclude where !path.hasPrefix("/") || path.contains("\n") {
            throw ValidationError("`\(path)`: what is left out is written from the root, /scratch")
        }
    }

    func run() async throws {
        guard let name = CapsuleName(name) else { return }
        let client = try await ssh.client(node, state)
        var options = CapsuleBuildOptions(channel: channel == "none" ? nil : CapsuleName(channel))
        options.sshConfiguration = ssh.sshConfig
        options.excluded = exclude
        let progress = ProgressLine()
        let builder = CapsuleBuilder(store: try state.open().openCapsules()) { progress.show($0) }
        defer { progress.end() }
        say("copying \(client.text)")
        let built = try await builder.build(name, from: .client(client), kernel: nil, options: options)
        progress.end()
        print(built.summary)
    }
}
