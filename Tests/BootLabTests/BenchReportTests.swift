import Testing

@testable import BootLab

@Suite struct BenchReportTests {
    private func report(_ perseid: [Double], _ dnsmasq: [Double]) -> BenchReport {
        var report = BenchReport(contenders: ["perseid", "dnsmasq"])
        for time in perseid { report.add(.seconds(time), firmware: .bios, contender: "perseid") }
        for time in dnsmasq { report.add(.seconds(time), firmware: .bios, contender: "dnsmasq") }
        return report
    }

    @Test func takesTheMiddleTime() {
        #expect(report([9, 1, 5], []).median(.bios, "perseid") == .seconds(5))
        #expect(report([9, 1, 5, 4], []).median(.bios, "perseid") == .seconds(4))
        #expect(report([], []).median(.bios, "perseid") == nil)
    }

    @Test func reachesAFigureByBeingNoSlower() {
        #expect(report([4, 4.5, 20], [20, 21, 22]).figures == (1, 1))
        #expect(report([20], [20]).figures == (1, 1))
        #expect(report([21], [20]).figures == (0, 1))
    }

    @Test func reachesNothingWithoutAYardstick() {
        #expect(report([4], []).figures == (0, 1))
    }

    @Test func endsWithTheFigures() {
        let lines = report([4.25], [17]).text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1].split(separator: " ") == ["bios", "perseid", "4.25", "4.25", "1", "0.25"])
        #expect(lines.last == "bench boot: 1 of 1 figures reached")
    }

    @Test func writesSecondsWithTwoDecimals() {
        #expect(BenchReport.seconds(.milliseconds(4055)) == "4.06")
        #expect(BenchReport.seconds(.seconds(120)) == "120.00")
    }
}
