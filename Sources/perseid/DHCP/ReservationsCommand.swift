import ArgumentParser
import ControlPlane

struct ReservationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reservations", abstract: "Lists the addresses that are kept for one machine each.",
        discussion: """
            Asks the running server, which has them from its settings.

            Example: perseid dhcp reservations
            """)

    @OptionGroup var state: StateOption
    @Flag(help: "For programs.")
    var json = false

    func run() async throws {
        let reservations = try await state.daemon().get("/api/v1/reservations", as: [ReservationResource].self)
        if json { return try printJSON(reservations) }
        guard !reservations.isEmpty else { return note("no address is reserved") }
        var table = TextTable(columns: [.left, .left, .left])
        table.add(["ADDRESS", "FOR", "HOST NAME"])
        for reservation in reservations {
            table.add([reservation.address, reservation.key, reservation.hostname ?? "-"])
        }
        print(table.text, terminator: "")
    }
}
