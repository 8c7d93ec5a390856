import BootMachine
import BootProtocols
import ControlPlane
import Registry
import Synchronization

/// Hands each recorded event to whoever listens just now.
final class EventFeed: Sendable {
    private struct State {
        var listeners: [Int: (mac: MACAddress?, continuation: AsyncStream<RecordedEvent>.Continuation)] = [:]
        var next = 0
        var latest: Int64?
        var counts: [Kind: Int64] = [:]
    }

    /// What is counted together.
    struct Kind: Hashable, Sendable {
        var kind: BootEvent.Kind
        var transport: BootEvent.Transport?
    }

    private let state = Mutex(State())
    /// Events that wait for a slow listener; it loses the oldest.
    private static let backlog = 1024

    /// When the newest event happened, in milliseconds since 1970.
    var latest: Int64? { state.withLock { $0.latest } }

    /// Events since the start.
    var counts: [Kind: Int64] { state.withLock { $0.counts } }

    func send(_ event: RecordedEvent) {
        state.withLock { state in
            state.counts[Kind(kind: event.event.kind, transport: event.event.transport), default: 0] += 1
            state.latest = max(state.latest ?? .min, event.event.at)
            for listener in state.listeners.values where listener.mac == nil || listener.mac == event.event.node {
                listener.continuation.yield(event)
            }
        }
    }

    /// Events from now on, of one machine or of all, a line each.
    func lines(
        of mac: MACAddress?, name: @escaping @Sendable (MACAddress) -> String?
    ) -> AsyncStream<WatchLine> {
        let (events, continuation) = AsyncStream.makeStream(
            of: RecordedEvent.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        let number = state.withLock { state in
            state.next += 1
            state.listeners[state.next] = (mac, continuation)
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.listeners[number] = nil } }
        return AsyncStream { lines in
            let task = Task {
                for await event in events {
                    lines.yield(
                        WatchLine(
                            at: event.event.at, kind: .event, mac: event.event.node.description,
                            node: name(event.event.node), text: event.text))
                }
                lines.finish()
            }
            lines.onTermination = { _ in task.cancel() }
        }
    }
}

extension RecordedEvent {
    /// The event as a log has it, without the node.
    var text: String {
        var line = "\(state.rawValue): \(event.kind.rawValue)"
        if let percent = event.percent { line += " \(percent) %" }
        if !event.detail.isEmpty { line += ": \(event.detail)" }
        return line
    }
}
