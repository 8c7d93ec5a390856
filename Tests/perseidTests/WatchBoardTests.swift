import Administration
import BootMachine
import Testing

@testable import perseid

@Suite struct WatchBoardTests {
    private func status(_ name: String, _ state: String, percent: Int? = nil, bytes: Int64? = nil) throws
        -> StatusResource
    {
        var status = StatusResource(name: name, mac: "52:54:00:00:00:01", state: try #require(.init(rawValue: state)))
        (status.attempt, status.lastSeen, status.percent, status.bytes) = (1, 0, percent, bytes)
        return status
    }

    @Test func whatIsNewIsTold() throws {
        var board = WatchBoard()
        let first = [try status("n001", "ready"), try status("n002", "provisioning", percent: 10, bytes: 0)]
        #expect(board.update(first, at: 1000) == ["n001", "n002"])
        #expect(board.update(first, at: 2000).isEmpty)
        let next = [try status("n001", "ready"), try status("n002", "provisioning", percent: 20, bytes: 50_000_000)]
        #expect(board.update(next, at: 3000) == ["n002"])
        #expect(board.line(of: "n002", at: 4000) == "n002  provisioning  20  50 MB/s  4 s  ")
    }

    @Test func theScreenHasWhatFitsAndTheUrgentFirst() throws {
        var board = WatchBoard()
        var all = try (1...5000).map { try status("n\($0)", "ready") }
        all.append(try status("z", "failed"))
        _ = board.update(all, at: 1000)
        let screen = board.screen(.state, at: 1000, size: (rows: 10, columns: 40))
        let lines = screen.split(separator: "\n")
        #expect(lines.count == 10)
        #expect(lines[0].contains("5001 nodes: 5000 ready, 1 failed"))
        #expect(lines[2].hasPrefix("z "))
        #expect(lines[9].contains("and 4994 more"))
        #expect(lines.allSatisfy { $0.count <= 40 + 6 })
    }
}
