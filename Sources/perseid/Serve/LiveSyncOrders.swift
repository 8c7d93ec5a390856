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
        // The daemon, whose the state is, writes there what nodes tell.
        let state = try FileManager.default.attributesOfItem(atPath: directory + "/..")
        let owners = state.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
        if geteuid() == 0 { try FileManager.default.setAttributes(owners, ofItemAtPath: directory) }
        try JSONEncoder().encode(work).write(to: URL(fileURLWithPath: path(mac)), options: .atomic)
    }

    // MARK: - What an update changes

    private func changesPath(_ mac: MACAddress) -> String { path(mac) + ".changes" }

    /// Takes a part of the list that a node tells; the first one begins it anew.
    func keep(_ changes: UpdateChanges, of mac: MACAddress) throws {
        let path = changesPath(mac)
        let files = FileManager.default
        if changes.part == 0 || !files.fileExists(atPath: path) {
            guard files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        // A node that tells without end fills no disk.
        guard try file.seekToEnd() < UInt64(UpdateOrder.partLimit * UpdateOrder.parts) else { return }
        try file.write(contentsOf: Data(changes.lines.map { "\($0)\n" }.joined().utf8))
    }

    /// The lines of the last list; none where a node told none.
    func changes(of mac: MACAddress) -> [Substring] {
        String(decoding: FileManager.default.contents(atPath: changesPath(mac)) ?? Data(), as: UTF8.self)
            .split(separator: "\n")
    }

    /// The order, and what came of it.
    func withdraw(_ mac: MACAddress) {
        try? FileManager.default.removeItem(atPath: path(mac))
        try? FileManager.default.removeItem(atPath: changesPath(mac))
    }
}
