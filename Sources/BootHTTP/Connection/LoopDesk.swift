import NIOCore
import PacketIO

/// What the connections of one event loop share: who they are, and what time it is. Used on that loop alone.
final class LoopDesk: @unchecked Sendable {
    private var connections: [ObjectIdentifier: BootHTTPConnection] = [:]
    private var date = HTTPDate()

    /// Ends connections whose time is over, once a second until `loop` ends.
    func watch(on loop: any EventLoop) {
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            let now = monotonicMilliseconds()
            for connection in self.connections.values.filter({ $0.deadline <= now }) { connection.expire() }
        }
    }

    func add(_ connection: BootHTTPConnection) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: BootHTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// As HTTP writes it.
    var today: String { date.text(at: wallMilliseconds()) }
}
