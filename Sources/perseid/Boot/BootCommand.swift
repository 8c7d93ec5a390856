import Administration
import ArgumentParser
import Registry

struct BootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "boot", abstract: "Says what nodes boot the next time, or until further notice.",
        discussion: """
            Things to boot: local (its own disk), install (its capsule to its disk again), capsule=NAME@GENERATION, \
            rescue (stage 1 with the network up, and a shell), memtest, shell (stage 1 and a shell before anything else). \
            Leaving the shell lets the boot go on.

            Examples:
              perseid boot set 'rack1*' memtest --once
              perseid boot set n001 capsule=compute@13 --always
              perseid boot clear '*' -y
            """, subcommands: [BootSet.self, BootShow.self, BootClear.self])
}

struct BootSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Has nodes boot something else than their settings say.",
        discussion: """
            With --once it counts for the first boot attempt that fetches its script, and is used up by that; with \
            --always until `perseid boot clear`. The last word is the thing to boot.
            """)

    @OptionGroup var state: StateOption
    @Argument(
        help: ArgumentHelp("Which nodes, and what they boot.", valueName: "nodes thing"),
        completion: .custom { _, _, _ in
            NodeNames.all() + ["local", "install", "capsule=", "rescue", "memtest", "shell"]
        })
    var words: [String] = []
    @Flag(help: "For the next boot alone. This is so unless --always is said.")
    var once = false
    @Flag(help: "Until it is taken back.")
    var always = false
    @OptionGroup var flags: ChangeFlags

    func validate() throws {
        guard words.count >= 2 else { throw ValidationError("say which nodes, and what: \(NextBoot.Target.rule)") }
        guard !once || !always else { throw ValidationError("once, or always?") }
    }

    func run() async throws {
        let boot = NextBoot(try NextBoot.Target(text: words.last ?? ""), always ? .always : .once)
        try await flags.carryOut(
            "boot set", on: state,
            ChangeRequest(select: Array(words.dropLast()), set: ["nextBoot": boot.text]))
    }
}

struct BootShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows which nodes boot something else than their settings say.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection

    func run() async throws {
        let session = try RegistrySession(state)
        let rows = try await session.table(nodes.words + ["nextBoot=*"], columns: ["name", "nextBoot"]).rows
        if rows.isEmpty { return note("all boot by their settings") }
        WideTable.write([["NAME", "NEXT BOOT"]] + rows)
    }
}

struct BootClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Has nodes boot by their settings again.")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @OptionGroup var flags: ChangeFlags

    func run() async throws {
        try await flags.carryOut(
            "boot clear", on: state,
            ChangeRequest(select: nodes.words, set: ["nextBoot": ""]))
    }
}
