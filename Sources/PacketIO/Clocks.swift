internal import Glibc

/// Milliseconds since an unnamed moment that no clock change moves: for timers and durations.
public func monotonicMilliseconds() -> Int64 {
    milliseconds(CLOCK_MONOTONIC)
}

/// The same as of the kernel's last tick, up to 10 ms ago, which costs a fifth: for deadlines that every packet moves.
public func coarseMonotonicMilliseconds() -> Int64 {
    milliseconds(CLOCK_MONOTONIC_COARSE)
}

/// Microseconds of the same clock: for round trips.
public func monotonicMicroseconds() -> Int64 {
    nanoseconds(CLOCK_MONOTONIC) / 1000
}

/// Milliseconds since 1970-01-01 00:00 UTC: for events and leases. May step when the clock is set.
public func wallMilliseconds() -> Int64 {
    milliseconds(CLOCK_REALTIME)
}

/// Nanoseconds that the calling thread has run.
func threadNanoseconds() -> Int64 {
    nanoseconds(CLOCK_THREAD_CPUTIME_ID)
}

private func milliseconds(_ clock: clockid_t) -> Int64 {
    nanoseconds(clock) / 1_000_000
}

private func nanoseconds(_ clock: clockid_t) -> Int64 {
    var now = timespec()
    // Fails only for a clock that does not exist.
    _ = clock_gettime(clock, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
}
