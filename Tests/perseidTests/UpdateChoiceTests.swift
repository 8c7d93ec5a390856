import BootHTTP
import BootMachine
import BootProtocols
import CapsuleStore
import Foundation
import Registry
import Testing

@testable import perseid

/// Which nodes an update is given to, and what the others are told.
@Suite struct UpdateChoiceTests {
    private func refusal(
        _ install: InstallState?, _ state: NodeState = .ready, capsule: String? = nil, to: String? = nil
    ) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let choice = UpdateChoice(
            to: to, server: NodeSettings(), groups: GroupTree([]), capsules: try CapsuleStore(at: path),
            excludes: UpdateExcludeFiles(directory: path))
        let node = Node(mac: MACAddress(value: 0x5254_0012_3456), name: "n001", capsule: capsule)
        do throws(UpdateRefusal) {
            _ = try choice.generation(for: NodeRecord(node: node, state: state, install: install))
            return ""
        } catch {
            return error.description
        }
    }

    private let installed = InstallState(desired: 1, achieved: 1, capsule: "small@1", requested: 1)

    @Test func saysWhatToDoInstead() throws {
        #expect(try refusal(nil) == "it runs from memory: `perseid capsule livesync` is for it")
        let due = InstallState(desired: 2, achieved: 1, capsule: "small@1", requested: 1)
        #expect(try refusal(due).hasPrefix("an install is asked for"))
        #expect(try refusal(InstallState(desired: 1, requested: 1)).hasPrefix("it runs from memory"))
        #expect(try refusal(installed, .silent).contains("it is silent; `perseid timeline n001` says since when"))
        #expect(try refusal(installed).contains("no capsule is set for it"))
        #expect(try refusal(installed, capsule: "none:stable").contains("none"))
        #expect(try refusal(installed, capsule: "small", to: "other@7").contains("other"))
    }

    /// A node's list of changes goes to a file that the command reads, and no further than a bound.
    @Test func keepsListsOfChanges() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perseid-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let orders = LiveSyncOrders(directory: path)
        let mac = MACAddress(value: 0x5254_0012_3456)
        try orders.place(AgentWork(id: 7, kind: .update, capsule: "small@2"), for: mac)
        #expect(orders.order(for: mac)?.kind == .update)
        try orders.keep(UpdateChanges(id: 7, part: 0, lines: ["~ /a", "+ /b"]), of: mac)
        try orders.keep(UpdateChanges(id: 7, part: 1, lines: ["- /c"]), of: mac)
        #expect(orders.changes(of: mac) == ["~ /a", "+ /b", "- /c"])
        orders.withdraw(mac)
        #expect(orders.changes(of: mac).isEmpty)
        try orders.keep(UpdateChanges(id: 8, part: 0, lines: ["old"]), of: mac)
        try orders.keep(UpdateChanges(id: 9, part: 0, lines: ["new"]), of: mac)
        #expect(orders.changes(of: mac) == ["new"])
    }
}
