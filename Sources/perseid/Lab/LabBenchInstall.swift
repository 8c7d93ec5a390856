import ArgumentParser
import BootLab
import Foundation

struct LabBenchInstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-install", abstract: "Times installs beside dd and unsquashfs on the same virtual disk.",
        discussion: """
            Each round installs the capsule on an empty disk, from the first write to the report that it is installed; \
            then the same machine, with the same file systems made and mounted, copies the capsule's image to the disk \
            with dd and unpacks it there with unsquashfs. The last line is `bench install: K of M figures reached`.
            """)

    @OptionGroup var state: StateOption
    @OptionGroup var kit: LabKit
    @Option(help: "bios or uefi.")
    var firmware = Firmware.bios
    @Option(help: "A capsule with a squashfs image.")
    var capsule = "debian"
    @Option(help: "How often.")
    var rounds = 3

    /// An install takes at most this many times as long (the figure).
    private static let most = 2.0

    func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("rounds are 1 to 100") }
    }

    func run() async throws {
        let state = try state.open()
        guard LabNamespace.isInside else {
            try await kit.prepare(capsule: capsule, firmware: firmware, in: state)
            throw ExitCode(try LabNamespace.enter() ?? 0)
        }
        let bench = InstallBench(state: state, kit: kit, firmware: firmware, capsule: capsule)
        var done: [InstallBench.Round] = []
        for number in 1...rounds {
            say("round \(number) of \(rounds)")
            done.append(try await bench.run(networkIsUp: number > 1))
        }
        print("\(capsule) on an empty virtual disk, \(firmware.rawValue); seconds")
        for version in try await HostVersions.packages() { print("  \(version)") }
        print("\nROUND  INSTALL  OF IT FILLING  DD    UNSQUASHFS  RATIO")
        for (number, round) in done.enumerated() {
            print(
                String(
                    format: "%-5d  %-7.1f  %-13.1f  %-4.1f  %-10.1f  %.2f", number + 1, round.install, round.filling,
                    round.dd, round.unsquashfs, round.ratio))
        }
        let ratios = done.map(\.ratio).sorted()
        let middle = ratios[ratios.count / 2]
        let isReached = middle <= Self.most
        print("")
        if !isReached { print(String(format: "short: install %.2f times dd and unsquashfs, at most 2", middle)) }
        print("bench install: \(isReached ? 1 : 0) of 1 figures reached")
    }
}
