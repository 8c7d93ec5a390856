import BootMachine
import BootProtocols
import Foundation

/// What running nodes are to do, one file a node: written by the command line, read with a node's heartbeat.
struct LiveSyncOrders: Sendable {
    let directory: String

    private func path(_ mac: MACAddress) -> String { "\(directory)/\(mac.joined(by: "-"))" }

    /// Nil where there is nothing to do.
    func order(for mac: MACAddress) -> AgentWork? {
        guard let bytes = FileManager.default.contents(atPath: path(mac)), bytes.count <= 4096 else { return nil }
        return try? JSONDecoder().decode(AgentWork.self, from: bytes)
    }

    func place(_ work: AgentWork, for mac: MACAddress) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try JSONEncoder().encode(work).write(to: URL(fileURLWithPath: path(mac)), options: .atomic)
    }

    func withdraw(_ mac: MACAddress) {
        try? FileManager.default.removeItem(atPath: path(mac))
    }
}
