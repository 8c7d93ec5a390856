import ArgumentParser
import PowerControl

struct PowerOn: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "on", abstract: "Switches nodes on.",
        discussion: "Example: perseid power on 'rack1*' --wave 8 --delay 5")

    @OptionGroup var change: PowerChange

    func run() async throws { try await change.make(.on) }
}

struct PowerOff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "off", abstract: "Switches nodes off, at once or after a shutdown.",
        discussion: "Example: perseid power off 'rack1*' --wave 8 --delay 5")

    @OptionGroup var change: PowerChange
    @Flag(help: "Ask the OS to shut down, in place of a hard off.")
    var soft = false

    func run() async throws { try await change.make(soft ? .shutdown : .off) }
}

struct PowerCycle: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cycle", abstract: "Switches nodes off and on again; those that are off, on.",
        discussion: "Example: perseid power cycle 'rack1*' --wave 8 --delay 5")

    @OptionGroup var change: PowerChange

    func run() async throws { try await change.make(.cycle) }
}

struct PowerReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Resets nodes; those that are off are switched on.",
        discussion: "Example: perseid power reset 'rack1*' --wave 8 --delay 5")

    @OptionGroup var change: PowerChange

    func run() async throws { try await change.make(.reset) }
}

struct PowerStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says which nodes are on.",
        discussion: "Example: perseid power status state!=ready")

    @OptionGroup var state: StateOption
    @OptionGroup var nodes: NodeSelection
    @Option(help: "Nodes at once, 1 to 128.")
    var wave = 32

    func validate() throws { try PowerRun.check(wave: wave) }

    func run() async throws {
        try await PowerRun(state: state, nodes: nodes, action: .status, wave: wave, delay: 0).run()
    }
}
