import ArgumentParser
import ControlPlane
import Foundation
import PacketIO
import Registry
import RegistrySQLite

struct LeasesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leases", abstract: "Lists the addresses that are leased: to whom, and for how long.",
        discussion: """
            Asks the running server; without one it reads the registry, and says so.

            Examples:
              perseid dhcp leases
              perseid dhcp leases --all      those that are over too: a machine gets its address again
              perseid dhcp leases --json | jq -r '.[] | [.address, .mac] | @tsv'
            """)

    @OptionGroup var state: StateOption
    @Flag(help: "Leases that are over too.")
    var all = false
    @Flag(help: "For programs.")
    var json = false

    func run() async throws {
        let leases = try await leases()
        if json { return try printJSON(leases) }
        var table = TextTable(columns: [.left, .left, .left, .right, .left])
        table.add(["ADDRESS", "MAC", "NODE", "LEFT", "STATE"])
        let now = wallMilliseconds()
        for lease in leases {
            let left = lease.state == .active ? Self.left(lease.expires - now) : "-"
            table.add([lease.address, lease.mac, lease.node ?? "-", left, lease.state.rawValue])
        }
        print(table.text, terminator: "")
    }

    private func leases() async throws -> [LeaseResource] {
        if let leases = try await state.ask("/api/v1/leases?all=\(all)", as: [LeaseResource].self) { return leases }
        guard let registry = state.registryIfThere else { throw NoRegistry(state: state.path) }
        note("no server runs with this state; these leases are from \(registry)")
        let snapshot = try state.open().openRegistry().load()
        let names = Dictionary(
            snapshot.nodes.map { ($0.node.mac, $0.node.name) }, uniquingKeysWith: { first, _ in first })
        return [LeaseResource](snapshot.leases, all: all, at: wallMilliseconds()) { names[$0] }
    }

    /// `11:59:03`, with days before it where there are any.
    static func left(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds / 1000)
        let time = String(format: "%02d:%02d:%02d", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
        return seconds >= 86_400 ? "\(seconds / 86_400)d \(time)" : time
    }
}
