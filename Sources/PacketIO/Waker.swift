internal import CLinux
internal import Glibc
internal import Synchronization

/// Wakes a `Poller` from any thread, and carries the request to stop.
public final class Waker: Sendable {
    let descriptor: FileDescriptor
    private let stopRequested = Atomic<Bool>(false)

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try systemCall("eventfd") { perseid_eventfd() })
    }

    /// Makes the wait that is under way, or the next one, return at once.
    public func wake() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full: then a wake is pending already.
        _ = write(descriptor.raw, &one, MemoryLayout<UInt64>.size)
    }

    /// Asks the loop to end and wakes it. Stays in force.
    public func requestStop() {
        stopRequested.store(true, ordering: .releasing)
        wake()
    }

    /// The loop is to end.
    public var isStopRequested: Bool { stopRequested.load(ordering: .acquiring) }

    /// Takes back the wakes so far.
    func drain() {
        var count: UInt64 = 0
        _ = read(descriptor.raw, &count, MemoryLayout<UInt64>.size)
    }
}
