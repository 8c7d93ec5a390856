import BootHTTP
import BootMachine
import BootProtocols
import ControlPlane
import LinkWatch
import PacketIO
import Registry
import TFTPService

extension DaemonControl {
    /// What the servers have done since the start, and what they have to do now.
    var metrics: MetricsText {
        var metrics = MetricsText()
        metrics.add(
            .gauge, "perseid_start_time_seconds", "When the server started, in seconds since 1970.", began / 1000)
        addEvents(to: &metrics)
        addDHCP(to: &metrics)
        metrics.add(tftp.counters)
        metrics.add(http.counters)
        return metrics
    }

    private func addEvents(to metrics: inout MetricsText) {
        let counts = feed.counts.map { ($0.key.transport?.rawValue ?? "", $0.key.kind.rawValue, $0.value) }
        metrics.add(
            .counter, "perseid_events_total", "Events on timelines: what machines asked for, got and were refused.",
            counts.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { ([("transport", $0.0), ("kind", $0.1)], $0.2) })
    }

    private func addDHCP(to metrics: inout MetricsText) {
        let now = wallMilliseconds()
        metrics.add(
            .gauge, "perseid_dhcp_leases", "Leases that are not over.",
            Int64(ledger.leases.count { $0.expires > now }))
        let subnets = subnetResources
        metrics.add(
            .gauge, "perseid_dhcp_subnet_addresses", "Addresses for clients in the ranges of a subnet.",
            subnets.map { ([("subnet", $0.subnet)], Int64($0.size)) })
        metrics.add(
            .gauge, "perseid_dhcp_subnet_leased", "Of these, leased now.",
            subnets.map { ([("subnet", $0.subnet)], Int64($0.leased)) })
        let watch = watcher.counters
        metrics.add(
            .counter, "perseid_watch_frames_total", "Frames of DHCP, PXE, TFTP and ARP that the watch looked at.",
            Int64(watch.frames))
        metrics.add(
            .counter, "perseid_watch_frames_lost_total", "Frames that the watch lost.", Int64(watch.dropped))
    }
}

extension MetricsText {
    fileprivate mutating func add(_ tftp: TFTPCounters) {
        add(
            .counter, "perseid_tftp_requests_total", "Requests, repeated ones not counted.",
            [
                ([("operation", "read")], Int64(tftp.readRequests)),
                ([("operation", "write")], Int64(tftp.writeRequests)),
            ]
        )
        let outcomes = [
            ("complete", tftp.completed), ("probed", tftp.probed), ("aborted", tftp.aborted),
            ("timed-out", tftp.timedOut), ("refused", tftp.refused), ("failed", tftp.failed),
        ]
        add(
            .counter, "perseid_tftp_transfers_total", "Transfers that are over, by how they ended.",
            outcomes.map { ([("outcome", $0.0)], Int64($0.1)) })
        add(
            .counter, "perseid_tftp_bytes_total", "Bytes of files that arrived, here or there.",
            [
                ([("direction", "sent")], Int64(tftp.bytesSent)),
                ([("direction", "received")], Int64(tftp.bytesReceived)),
            ]
        )
        add(
            .counter, "perseid_tftp_errors_total", "ERROR packets sent, by code (RFC 1350).",
            tftp.errors.enumerated().map { ([("code", "\($0.offset)")], Int64($0.element)) })
        add(
            .counter, "perseid_tftp_retransmissions_total", "Packets or windows that were sent again.",
            Int64(tftp.retransmissions))
        add(.gauge, "perseid_tftp_sessions", "Transfers under way.", Int64(tftp.sessions))
    }

    fileprivate mutating func add(_ http: [(scheme: String, HTTPCounters)]) {
        func each(_ kind: Kind, _ name: String, _ help: String, _ value: (HTTPCounters) -> Int64) {
            add(kind, "perseid_http_\(name)", help, http.map { ([("scheme", $0.scheme)], value($0.1)) })
        }
        each(.gauge, "connections", "Connections that are open.") { Int64($0.connections) }
        each(.gauge, "transfers", "Ranges and files under way to agents.") { Int64($0.transfers) }
        each(.counter, "accepted_total", "Connections accepted.") { $0.accepted }
        each(.counter, "turned_away_total", "Connections closed at once for want of room.") { $0.turnedAway }
        each(.counter, "handshake_failures_total", "Handshakes of TLS that failed.") { $0.handshakeFailures }
        each(.counter, "requests_total", "Whole requests.") { $0.requests }
        add(
            .counter, "perseid_http_answers_total", "Answers by the class of their status.",
            http.flatMap { scheme, counters in
                [
                    ("2xx", counters.successes), ("3xx", counters.redirections), ("4xx", counters.refusals),
                    ("5xx", counters.failures),
                ].map { ([("scheme", scheme), ("status", $0.0)], $0.1) }
            })
        each(.counter, "put_off_total", "Answers 503 of the admission control.") { $0.putOff }
        each(.counter, "sent_bytes_total", "Bytes of files, as the kernel took them.") { $0.bytes }
        each(.counter, "broken_total", "Answers that the client did not take to their end.") { $0.broken }
        each(.counter, "too_slow_total", "Connections closed because nothing came, or went, in time.") { $0.tooSlow }
        each(.counter, "disk_reads_total", "Parts of files that had to be read from the disk first.") { $0.diskReads }
    }
}
