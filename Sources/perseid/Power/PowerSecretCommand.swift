import Administration
import ArgumentParser
import Foundation
import Glibc
import PowerControl
import Registry

struct PowerSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret", abstract: "Keeps the password of BMCs: of a node, a group, or all.",
        discussion: """
            A node's own counts before that of its groups, and that before the one of all. It is asked for, or read from \
            a pipe, a line.

            Examples:
              perseid power secret all
              perseid power secret @rack1 < password-file
              perseid power secret n001 --remove
            """)

    @OptionGroup var state: StateOption
    @Argument(help: "A node's name, @GROUP, or all.")
    var owner: String
    @Flag(help: "Forget it.")
    var remove = false

    func run() async throws {
        let state = try self.state.open()
        let owner = try await found()
        let secret = remove ? nil : try read()
        try state.powerSecrets.keep(secret, for: owner)
        print(remove ? "forgotten" : "kept")
    }

    private func found() async throws -> PowerSecrets.Owner {
        let session = try RegistrySession(state)
        if owner == NodeGroup.everybody || owner == "@\(NodeGroup.everybody)" { return .group(NodeGroup.everybody) }
        guard owner.hasPrefix("@") else {
            return .node(mac: try await session.get("nodes/\(owner)", as: NodeResource.self).mac)
        }
        let name = String(owner.dropFirst())
        _ = try await session.get("groups/\(name)", as: [GroupResource].self)
        return .group(name)
    }

    /// A line of the standard input; from a terminal without showing it (termios(3), ECHO).
    private func read() throws -> String {
        var shown = termios()
        let isTerminal = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &shown) == 0
        if isTerminal {
            print("password: ", terminator: "")
            fflush(nil)
            var hidden = shown
            hidden.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        }
        defer {
            if isTerminal {
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown)
                print()
            }
        }
        guard let line = readLine() else { throw ValidationError("no password was given") }
        return line
    }
}
