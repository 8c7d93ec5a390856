import Administration
import BootMachine
import BootProtocols
import Foundation
import Registry

/// Work that running nodes were given, followed until each has said what came of it.
struct NodeWork {
    struct Order {
        var node: Node
        var work: AgentWork
    }

    let orders: LiveSyncOrders
    let session: RegistrySession
    /// Since when events count, in milliseconds since 1970.
    let began: Int64

    /// Gives the orders out, waits, and takes them back.
    /// - Parameter ended: told of each node's end: what it said, and whether that is the whole of it.
    /// - Returns: the nodes that said nothing within `seconds`.
    func carryOut(
        _ all: [Order], within seconds: Int, ended: (Order, _ text: String, _ isWhole: Bool) -> Void
    ) async throws -> [Node] {
        var waiting = all
        for order in waiting { try orders.place(order.work, for: order.node.mac) }
        defer { for order in all { orders.withdraw(order.node.mac) } }
        let line = ProgressLine()
        defer { line.end() }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(500))
            for order in waiting {
                let events = await events(of: order.node)
                guard let event = events.last(where: { $0.detail.hasPrefix(order.work.mark) }) else {
                    show(events, of: order, on: line)
                    continue
                }
                line.end()
                waiting.removeAll { $0.node.mac == order.node.mac }
                ended(order, event.detail, event.percent == 100)
            }
        }
        return waiting.map(\.node)
    }

    private func events(of node: Node) async -> [BootEvent] {
        // None yet: it has not booted from here.
        let timeline = try? await session.get("timelines/\(node.mac)", as: TimelineResource.self)
        return (timeline?.events ?? []).map(\.event).filter { $0.at >= began }
    }

    /// How far a node is, by what it told last.
    private func show(_ events: [BootEvent], of order: Order, on line: ProgressLine) {
        guard line.isTerminal, let event = events.last(where: { $0.detail.hasPrefix(order.work.progressMark) }) else {
            return
        }
        line.show("\(order.node.name)  \(event.detail)", done: 0, total: nil)
    }
}
