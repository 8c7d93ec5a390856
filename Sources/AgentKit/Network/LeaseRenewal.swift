/// When to ask for a lease again (RFC 2131, 4.4.5): at T1, and after a failure at half of what is left, but not
/// more often than once a minute.
package struct LeaseRenewal: Hashable, Sendable {
    private let expires: Int64?
    private var next: Int64?

    package init(_ lease: DHCPLease) {
        expires = lease.leaseSeconds.map { lease.acquired + $0 * 1000 }
        next = lease.renewalSeconds.map { lease.acquired + $0 * 1000 }
    }

    /// In milliseconds of `BootClock`; nil for a lease that never ends.
    package var due: Int64? { next }

    package func isDue(at now: Int64) -> Bool {
        next.map { now >= $0 } ?? false
    }

    /// It came to nothing.
    package mutating func failed(at now: Int64) {
        guard let expires else { return }
        next = now + max(60_000, (expires - now) / 2)
    }
}
