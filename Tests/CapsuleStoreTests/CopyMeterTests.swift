import Testing

@testable import CapsuleStore

@Suite struct CopyMeterTests {
    @Test func linesOfRsyncAreRead() {
        var meter = CopyMeter()
        #expect(meter.read("         32,768   0%    0.00kB/s    0:00:00 (xfr#1, to-chk=395/396)"))
        #expect(meter.done == 32_768 && meter.total == nil)
        #expect(meter.read("      4,200,000  42%   10.51MB/s    0:00:01 (xfr#5, to-chk=169/396)"))
        #expect(meter.done == 4_200_000 && meter.total == 10_000_000)
        #expect(meter.read("     10,000,000 100%   10.51MB/s    0:00:01"))
        #expect(meter.total == 10_000_000)
    }

    @Test(arguments: ["", "rsync: read error", "1 2% 3 4", "-5 10% 1kB/s 0:0", "9999999999999999999 1% 1kB/s 0:0"])
    func otherLinesAreNot(line: String) {
        var meter = CopyMeter()
        #expect(!meter.read(line))
    }
}
