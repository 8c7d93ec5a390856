import Administration
import ArgumentParser
import Foundation
import Glibc

struct WatchNodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Shows where nodes are on their way, live.",
        discussion: """
            In a terminal a table that stays up to date, with as many nodes as fit; Ctrl-C ends it. Elsewhere a line for \
            each change. Words select nodes, as for `perseid node list`.

            Examples:
              perseid watch
              perseid watch 'rack1*' state!=ready --sort percent
              perseid watch >> boots.log
            """)

    enum Order: String, CaseIterable, ExpressibleByArgument {
        case name, state, percent, rate, age
    }

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "What comes first: name, state, percent, rate or age.")
    var sort = Order.state
    @Option(help: "Seconds between two looks.")
    var interval = 1.0
    @Flag(help: "Look once.")
    var once = false

    func validate() throws {
        guard (0.1...3600).contains(interval) else { throw ValidationError("the interval is 0.1 to 3600 s") }
    }

    func run() async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        var board = WatchBoard()
        while true {
            let session = try RegistrySession(state)
            let query = nodes.words.map { (key: "select", value: $0) }
            let found = try await session.get("status", query: query, as: [StatusResource].self)
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            let changed = board.update(found, at: now)
            if isTerminal, !once {
                write(board.screen(sort, at: now, size: Self.size))
            } else {
                write(changed.map { board.line(of: $0, at: now) + "\n" }.joined())
            }
            if once { return }
            try await Task.sleep(for: .seconds(interval))
        }
    }

    private func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

    /// Of the terminal; 80 by 24 where it does not say.
    private static var size: (rows: Int, columns: Int) {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0, window.ws_col > 0 else {
            return (24, 80)
        }
        return (Int(window.ws_row), Int(window.ws_col))
    }
}
