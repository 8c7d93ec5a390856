import ArgumentParser
import ControlPlane
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Looks for what keeps nodes from booting, and says what to do about it.",
        discussion: """
            Other DHCP servers, duplicate addresses, ports, interface, MTU, disk, permissions, stage 1, capsules, pools, \
            clock. The running server answers, for it alone sees the network; without one all is checked that can be. \
            The exit status is 1 where something fails.

            Examples:
              perseid doctor
              perseid doctor --json | jq -r '.checks[] | select(.status != "ok") | .text'
            """)

    @OptionGroup var state: StateOption
    @Option(help: "Network interface to look at where no server runs.")
    var interface: String?
    @Flag(help: "For programs.")
    var json = false

    func run() async throws {
        let report = try await report()
        if json {
            try printJSON(report)
        } else {
            var table = TextTable(columns: [.left, .left, .left])
            for check in report.checks {
                table.add([check.status.rawValue, check.name, check.text])
                if let advice = check.advice { table.add(["", "", "→ " + advice]) }
            }
            print(table.text, terminator: "")
        }
        if !report.isHealthy { throw ExitCode(1) }
    }

    private func report() async throws -> DoctorReport {
        if let report = try await state.ask("/api/v1/doctor", as: DoctorReport.self) { return report }
        var inspection = DoctorInspection(state: try state.open())
        inspection.interface = interface ?? ProcessInfo.processInfo.environment["PERSEID_INTERFACE"]
        return Doctor.examine(inspection.facts())
    }
}
