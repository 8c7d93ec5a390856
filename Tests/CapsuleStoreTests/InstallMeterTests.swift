import Testing

@testable import CapsuleStore

@Suite struct InstallMeterTests {
    /// As mmdebstrap 1.3.5 prints them with --verbose, for a root of three packages.
    private let lines = """
        I: running apt-get update...
        Get:1 http://archive.example/debian bookworm InRelease [151 kB]
        Get:4 http://archive.example/debian bookworm/main amd64 Packages [8790 kB]
        I: downloading packages with apt...
        0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.
        Need to get 29.7 MB of archives.
        After this operation, 120 MB of additional disk space will be used.
        Get:1 http://archive.example/debian bookworm/main amd64 gcc-12-base amd64 12.2.0-14+deb12u1 [37.6 kB]
        Get:2 http://archive.example/debian bookworm/main amd64 libc6 amd64 2.36-9 [2756 kB]
        I: installing essential packages...
        Unpacking gcc-12-base:amd64 (12.2.0-14+deb12u1) ...
        Unpacking libc6:amd64 (2.36-9) ...
        Setting up gcc-12-base:amd64 (12.2.0-14+deb12u1) ...
        Setting up libc6:amd64 (2.36-9) ...
        I: installing remaining packages inside the chroot...
        0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.
        After this operation, 1,030 MB of additional disk space will be used.
        Get:1 http://archive.example/debian bookworm/main amd64 less amd64 590-2.1 [132 kB]
        Unpacking less (590-2.1) ...
        Setting up less (590-2.1) ...
        """.split(separator: "\n").map(String.init)

    @Test func stepsOfBothBatchesCount() {
        var meter = InstallMeter()
        var seen: [Int64] = []
        for line in lines where meter.read(line) { seen.append(meter.done / 1_000_000) }
        #expect(seen == [0, 20, 40, 60, 80, 100, 120, 120, 463, 806, 1149])
        #expect(meter.total == 1_150_000_000)
    }

    /// A time left that goes by the essential packages alone would be wrong by far.
    @Test func totalIsUnknownUntilTheSecondBatch() {
        var meter = InstallMeter()
        for line in lines.prefix(14) { _ = meter.read(line) }
        #expect(meter.done == 120_000_000 && meter.total == nil)
    }

    @Test(arguments: [
        "", "Setting up", "After this operation, lots of it", "After this operation, -5 MB", "x newly installed, y",
        "After this operation, 99999999999999999999 GB of", "Get:",
    ])
    func otherLinesChangeNothing(line: String) {
        var meter = InstallMeter()
        let isRead = meter.read(line)
        #expect(!isRead && meter.done == 0 && meter.total == nil)
    }
}
