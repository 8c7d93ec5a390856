import NIOCore
import PacketIO

/// What the connections of one event loop share: who they are, and what time it is. Used on that loop alone.
final class LoopDesk: @unchecked Sendable {
    private var connections: [ObjectIdentifier: BootHTTPConnection] = [:]
    private var date = HTTPDate()
    /// What was found in memory within this second: hundreds of nodes want the same parts, and to ask the kernel for
    /// each again costs as many calls as all the rest of an answer.
    private var resident: Set<Part> = []

    /// Bundles of which a range was answered in the last seconds, by their ids.
    private(set) var bundles: [[UInt8]: BundleForm] = [:]

    private struct Part: Hashable {
        var inode: UInt64
        var range: Range<Int>
    }

    /// Parts and bundles to remember; beyond, all are forgotten.
    private static let capacity = 4096
    private static let bundleCapacity = 256

    /// Ends connections whose time is over, once a second until `loop` ends.
    func watch(on loop: any EventLoop) {
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            let now = monotonicMilliseconds()
            self.resident.removeAll(keepingCapacity: true)
            self.bundles = self.bundles.filter { now < $0.value.end }
            for connection in self.connections.values { connection.forgetSequel(at: now) }
            for connection in self.connections.values.filter({ $0.deadline <= now }) { connection.expire() }
        }
    }

    func add(_ connection: BootHTTPConnection) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: BootHTTPConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Whether `range` can be sent without waiting for the disk, as far as is known.
    func isResident(_ file: ReadOnlyFile, _ range: Range<Int>) -> Bool {
        let part = Part(inode: file.identity.inode, range: range)
        if resident.contains(part) { return true }
        guard file.isResident(range) else { return false }
        if resident.count >= Self.capacity { resident.removeAll(keepingCapacity: true) }
        resident.insert(part)
        return true
    }

    func keep(_ bundle: BundleForm) {
        if bundles.count >= Self.bundleCapacity, bundles[bundle.id] == nil { bundles.removeAll(keepingCapacity: true) }
        bundles[bundle.id] = bundle
    }

    /// For a file that is not what it was. The other loops' forms end by their time.
    func forget(_ bundle: [UInt8]) { bundles[bundle] = nil }

    /// As HTTP writes it.
    var today: String { date.text(at: wallMilliseconds()) }
}
