import ArgumentParser

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "Boots virtual machines over a network of their own.",
        discussion: """
            The network, the server and the machines live in namespaces that vanish with the command, however it ends. \
            Needs root, QEMU and its firmware.
            """,
        subcommands: [LabBoot.self, LabBench.self, LabBenchInstall.self])
}
