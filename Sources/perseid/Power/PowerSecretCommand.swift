import Administration
import ArgumentParser
import Foundation
import Glibc

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
        let session = try RegistrySession(state)
        let request = SecretRequest(of: owner, password: remove ? nil : try read())
        let body = Array(try JSONEncoder().encode(request))
        _ = try await session.send(remove ? .delete : .post, "secrets", body: body)
        print(remove ? "forgotten" : "kept")
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
