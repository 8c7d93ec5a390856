import BootHTTP
import Synchronization

/// The HTTP servers of the boot plane, which are there once the daemon runs, for whoever tells of them.
final class ServedHTTP: Sendable {
    private let servers = Mutex<[(scheme: String, server: BootHTTPServer)]>([])

    func add(_ http: BootHTTPServer, _ https: BootHTTPServer?) {
        servers.withLock { servers in
            servers.append(("http", http))
            if let https { servers.append(("https", https)) }
        }
    }

    /// Of each, by its scheme.
    var counters: [(scheme: String, HTTPCounters)] {
        servers.withLock { $0 }.map { ($0.scheme, $0.server.counters) }
    }
}
