import Foundation
import StormKit

extension HTTPRace {
    /// A line for each number of connections; ours is the last of each pair.
    static func table(_ pairs: [(peer: Row, ours: Row)]) -> String {
        var lines = [
            "             GB/s                       GB per CPU second of the server",
            "connections  nginx  perseid  perseid is  nginx  perseid  perseid is",
        ]
        for (peer, ours) in pairs {
            let cells: [(String, Int)] = [
                ("\(peer.connections)", 11), (decimal(peer.speed), 7), (decimal(ours.speed), 9),
                (ratio(ours.speed, peer.speed) + " x", 12), (decimal(peer.economy), 7), (decimal(ours.economy), 9),
                (ratio(ours.economy, peer.economy) + " x", 12),
            ]
            lines.append(
                cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined())
        }
        return lines.joined(separator: "\n")
    }

    /// What the race is to show. A row with failed requests reaches nothing.
    static func figures(_ pairs: [(peer: Row, ours: Row)]) -> [Figure] {
        pairs.flatMap { peer, ours in
            let isWhole = ours.failed == 0 && peer.failed == 0
            let plural = peer.connections == 1 ? "connection" : "connections"
            return [
                Figure(
                    name: "bytes per second, \(peer.connections) \(plural)", wanted: "at least 1.0 x nginx",
                    measured: ratio(ours.speed, peer.speed) + " x",
                    isReached: isWhole && peer.speed > 0 && ours.speed >= peer.speed),
                Figure(
                    name: "bytes per CPU second, \(peer.connections) \(plural)", wanted: "at least 1.0 x nginx",
                    measured: ratio(ours.economy, peer.economy) + " x",
                    isReached: isWhole && peer.economy > 0 && ours.economy >= peer.economy),
            ]
        }
    }

    static func figure(_ report: HTTPReport) -> Figure {
        Figure(
            name: "\(report.connections) clients on the same chunks at once", wanted: "all finish, no time-out",
            measured: "\(report.finished) finished in \(decimal(report.seconds)) s, \(report.failed) failed, "
                + "\(report.putOff) put off with 503, \(decimal(report.megabytesPerSecond / 1000)) GB/s",
            isReached: report.finished == report.connections && report.failed == 0)
    }

    private static func ratio(_ left: Double, _ right: Double) -> String { right > 0 ? decimal(left / right) : "-" }
}
