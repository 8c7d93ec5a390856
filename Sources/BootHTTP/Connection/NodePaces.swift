import BootProtocols
import Synchronization

/// The paces of nodes that may not fetch as fast as they can: one for all connections of a node.
final class NodePaces: Sendable {
    private let paces = Mutex<[MACAddress: StreamPace]>([:])
    /// Beyond this many all begin anew, which gives each node one slice more.
    private static let capacity = 65_536

    /// - Parameter bytesPerSecond: as the node's settings have it now. Another one than before counts from the next
    ///   range on.
    func pace(of node: MACAddress, bytesPerSecond: Int64) -> StreamPace {
        paces.withLock { paces in
            if let pace = paces[node], pace.bytesPerSecond == bytesPerSecond { return pace }
            if paces.count >= Self.capacity { paces = [:] }
            let pace = StreamPace(bytesPerSecond: bytesPerSecond)
            paces[node] = pace
            return pace
        }
    }
}
