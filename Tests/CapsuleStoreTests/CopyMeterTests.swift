import Testing

@testable import CapsuleStore

@Suite struct CopyMeterTests {
    @Test func linesOfRsyncAreRead() {
        var meter = CopyMeter()
        let lines = [
            "         32,768   0%    0.00kB/s    0:00:00 (xfr#1, to-chk=395/396)",
            "      4,200,000  42%   10.51MB/s    0:00:01 (xfr#5, to-chk=169/396)",
            "     10,000,000 100%   10.51MB/s    0:00:01",
        ]
        var seen: [[Int64?]] = []
        for line in lines where meter.read(line) { seen.append([meter.done, meter.total]) }
        #expect(seen == [[32_768, nil], [4_200_000, 10_000_000], [10_000_000, 10_000_000]])
    }

    @Test(arguments: ["", "rsync: read error", "1 2% 3 4", "-5 10% 1kB/s 0:0", "9999999999999999999 1% 1kB/s 0:0"])
    func otherLinesAreNot(line: String) {
        var meter = CopyMeter()
        let isRead = meter.read(line)
        #expect(!isRead && meter.done == 0)
    }
}
