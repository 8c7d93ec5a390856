internal import CLinux
internal import Glibc

/// A timer that a `Poller` watches like a socket: readable from its moment on, with the resolution of the clock
/// (timerfd_create(2)). It goes on ringing until it is set again.
public struct Alarm: ~Copyable {
    public let descriptor: FileDescriptor
    /// What it is set to, in microseconds of `monotonicMicroseconds`; nil: it does not ring.
    public private(set) var moment: Int64?

    public init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try systemCall("timerfd_create") { perseid_timerfd() })
    }

    /// Has it ring at `moment`, at once if that is past, or never. Costs nothing where it is set so already and has not
    /// rung.
    public mutating func set(_ moment: Int64?) throws(SystemError) {
        guard moment != self.moment else { return }
        let raw = descriptor.raw
        // 0 would be "never".
        try systemCall("timerfd_settime") { perseid_timerfd_set(raw, moment.map { max($0, 1) } ?? 0) }
        self.moment = moment
    }

    /// It has rung: the next `set` counts, to whatever moment.
    public mutating func silence() throws(SystemError) {
        let raw = descriptor.raw
        try systemCall("timerfd_settime") { perseid_timerfd_set(raw, 0) }
        moment = nil
    }
}
