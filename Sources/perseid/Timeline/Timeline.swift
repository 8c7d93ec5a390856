import Administration
import BootMachine
import BootProtocols
import Foundation
import Registry

/// One attempt of one node with all its events, as people and programs read it.
struct Timeline {
    let node: Node
    let attempt: Attempt
    let events: [RecordedEvent]

    /// The newest attempt of `node`, or the one with the number `id`; nil where there is none.
    init?(of node: Node, attempt id: Int64?, in store: any Store) throws {
        let attempts = try store.attempts(of: node.mac, limit: id == nil ? 1 : 1000)
        guard let attempt = attempts.first(where: { id == nil || $0.id == id }) else { return nil }
        self.node = node
        self.attempt = attempt
        events = try store.timeline(of: attempt.id)
    }

    /// As the API gives it; nil where it does not read.
    init?(_ resource: TimelineResource) {
        guard let mac = MACAddress(resource.mac) else { return nil }
        node = Node(mac: mac, name: resource.node)
        var attempt = Attempt(
            id: resource.attempt, node: mac, began: resource.began, zero: resource.zero, state: resource.state)
        attempt.failure = resource.failure
        attempt.capsule = resource.capsule
        self.attempt = attempt
        events = resource.events.map { RecordedEvent(event: $0.event, attempt: resource.attempt, state: $0.state) }
    }

    /// True where somebody recorded when the machine was switched on.
    var hasPowerOn: Bool { attempt.zero < attempt.began }

    /// Seconds from the timeline's zero to the first `ready`.
    var secondsToReady: Double? {
        events.first { $0.event.kind == .ready }.map { seconds($0.event.at) }
    }

    /// Bytes of chunks that the server sent for this attempt.
    var chunkBytes: Int64 {
        events.filter { $0.event.kind == .fileSent && $0.event.detail.hasPrefix("chunks of ") }
            .reduce(0) { $0 + ($1.event.bytes ?? 0) }
    }

    /// Most memory that was in use on the node while its root was assembled, in bytes, if it said so.
    var peakMemoryBytes: Int64? {
        events.lazy.compactMap { PeakMemory.read(from: $0.event.detail) }.last
    }

    func seconds(_ at: Int64) -> Double { Double(at - attempt.zero) / 1000 }

    /// The table for people.
    var text: String {
        var table = TextTable(columns: [.right, .right, .right, .left, .left, .left])
        table.add([hasPowerOn ? "POWER-ON +" : "DISCOVER +", "TOOK", "BYTES", "BY", "STATE", "STEP"])
        for recorded in events {
            let event = recorded.event
            let step = event.detail.isEmpty ? event.kind.rawValue : "\(event.kind.rawValue): \(event.detail)"
            table.add([
                String(format: "%.2f s", seconds(event.at)),
                event.milliseconds.map { String(format: "%.2f s", Double($0) / 1000) } ?? "",
                event.bytes.map(String.init) ?? "", event.transport?.rawValue ?? "", recorded.state.rawValue,
                event.percent.map { "\(step) (\($0) %)" } ?? step,
            ])
        }
        var head = "\(node.name)  \(node.mac)  attempt \(attempt.id)  \(attempt.state.rawValue)"
        if let capsule = attempt.capsule { head += "  \(capsule)" }
        if let failure = attempt.failure { head += "\n\(failure)" }
        return head + "\n\n" + table.text
    }
}
