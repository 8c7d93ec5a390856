internal import Glibc

/// Time since the kernel started: what console lines, durations and the inventory are stamped with.
package enum BootClock {
    /// Milliseconds since the kernel's start, sleep included (CLOCK_BOOTTIME).
    package static func milliseconds() -> Int64 {
        var now = timespec()
        // Fails only for a clock that does not exist.
        _ = clock_gettime(CLOCK_BOOTTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    /// Sleeps, also through signals.
    package static func sleep(milliseconds: Int64) {
        guard milliseconds > 0 else { return }
        var wanted = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
        var left = timespec()
        while nanosleep(&wanted, &left) == -1 && errno == EINTR { wanted = left }
    }

    /// Seconds since 1970, or 0 where the machine's clock is plainly unset: before this code was written.
    package static func wallSeconds() -> Int64 {
        let seconds = Int64(time(nil))
        return seconds < 1_767_225_600 ? 0 : seconds
    }
}
