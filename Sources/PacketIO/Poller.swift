internal import CLinux
internal import Glibc

/// Waits for many descriptors at once (epoll, level-triggered). One poller per loop thread.
public struct Poller: ~Copyable {
    /// What a descriptor is ready for.
    public struct Readiness: OptionSet, Hashable, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let readable = Readiness(rawValue: UInt32(PERSEID_READABLE))
        public static let writable = Readiness(rawValue: UInt32(PERSEID_WRITABLE))
        /// An error or a hang-up waits to be read; reported whether asked for or not.
        public static let failed = Readiness(rawValue: UInt32(PERSEID_FAILED))
    }

    /// Other threads wake the wait through this.
    public let waker: Waker
    private let descriptor: FileDescriptor
    private let events: UnsafeMutablePointer<perseid_event>
    private static var capacity: Int { 64 }
    private static var wakerToken: UInt64 { .max }

    public init(waker: Waker) throws(SystemError) {
        let descriptor = FileDescriptor(owning: try systemCall("epoll_create1") { perseid_epoll_create() })
        let raw = descriptor.raw
        try systemCall("epoll_ctl") {
            perseid_epoll_add(raw, waker.descriptor.raw, UInt32(PERSEID_READABLE), Self.wakerToken)
        }
        self.waker = waker
        self.descriptor = descriptor
        events = .allocate(capacity: Self.capacity)
        events.initialize(repeating: perseid_event(), count: Self.capacity)
    }

    deinit { events.deallocate() }

    /// Watches `descriptor`, which must stay open until it is removed. `token` comes back with its events; any
    /// number but `UInt64.max`.
    public func add(
        _ descriptor: borrowing FileDescriptor, token: UInt64, for interest: Readiness = .readable
    ) throws(SystemError) {
        let raw = descriptor.raw
        try systemCall("epoll_ctl") { perseid_epoll_add(self.descriptor.raw, raw, interest.rawValue, token) }
    }

    /// Changes what a watched descriptor is watched for.
    public func modify(
        _ descriptor: borrowing FileDescriptor, token: UInt64, for interest: Readiness
    ) throws(SystemError) {
        let raw = descriptor.raw
        try systemCall("epoll_ctl") { perseid_epoll_modify(self.descriptor.raw, raw, interest.rawValue, token) }
    }

    /// Watches `descriptor` no longer.
    public func remove(_ descriptor: borrowing FileDescriptor) throws(SystemError) {
        let raw = descriptor.raw
        try systemCall("epoll_ctl") { perseid_epoll_remove(self.descriptor.raw, raw) }
    }

    /// Waits at most `timeout` milliseconds (nil: for ever) and hands each ready descriptor's token to `body`.
    /// Returns without a call to `body` when the time is up or another thread woke it.
    ///
    /// A wait with a limit sets a timer of the processor each time: where every packet
    /// moves the limit, an `Alarm` that is set seldom is cheaper.
    public func wait(
        milliseconds timeout: Int64?, _ body: (_ token: UInt64, Readiness) -> Void
    ) throws(SystemError) {
        let limit = timeout.map { Int32(clamping: max(0, $0)) } ?? -1
        let count = try systemCall("epoll_wait") {
            perseid_epoll_wait(descriptor.raw, events, Int32(Self.capacity), limit)
        }
        for index in 0..<Int(count) {
            let event = events[index]
            if event.token == Self.wakerToken {
                waker.drain()
            } else {
                body(event.token, Readiness(rawValue: event.events))
            }
        }
    }
}
