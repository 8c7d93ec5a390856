import ArgumentParser
import ControlPlane
import DHCPService
import Foundation
import Registry
import RegistrySQLite

struct ReservationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reservations", abstract: "Lists the addresses that are kept for one machine each.",
        discussion: """
            They are those of the configuration file and the addresses of nodes. Asks the running server; without one it \
            reads both itself, and says so.

            Examples:
              perseid dhcp reservations
              perseid dhcp reservations --config perseid.yaml --json | jq -r '.[] | [.address, .key] | @tsv'
            """)

    @OptionGroup var state: StateOption
    @Option(help: "Configuration file, where no server runs. Without: \(Configuration.standardFile), if it is there.")
    var config: String?
    @Flag(help: "For programs.")
    var json = false

    func run() async throws {
        let reservations = try await reservations()
        if json { return try printJSON(reservations) }
        guard !reservations.isEmpty else { return note("no address is reserved") }
        var table = TextTable(columns: [.left, .left, .left])
        table.add(["ADDRESS", "FOR", "HOST NAME"])
        for reservation in reservations {
            table.add([reservation.address, reservation.key, reservation.hostname ?? "-"])
        }
        print(table.text, terminator: "")
    }

    private func reservations() async throws -> [ReservationResource] {
        if let reservations = try await state.ask("/api/v1/reservations", as: [ReservationResource].self) {
            return reservations
        }
        let file = config ?? (FileManager.default.fileExists(atPath: standardFile) ? standardFile : nil)
        let sources = [file, state.registryIfThere].compactMap { $0 }
        note(
            sources.isEmpty
                ? "no server runs with this state, and there is neither a configuration file nor a registry"
                : "no server runs with this state; these reservations are from \(sources.joined(separator: " and "))")
        let listed = try file.map { try Configuration.settings(inFile: $0).dhcp.reservations } ?? []
        let nodes = try state.registryIfThere == nil ? [] : state.open().openRegistry().load().nodes.map(\.node)
        return [ReservationResource](listed + Configuration.reservations(of: nodes.compactMap(AddressedNode.init)))
    }

    private var standardFile: String { Configuration.standardFile }
}
