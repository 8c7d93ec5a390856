import ArgumentParser

struct TFTPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tftp", abstract: "A TFTP client, for tests of this server and of others.",
        subcommands: [TFTPGetCommand.self])
}
