import Testing

@testable import BootMachine

/// What agents say in words and servers find there again.
@Suite struct ReportTextTests {
    @Test func peakMemoryIsFoundAgain() {
        #expect(PeakMemory.text(0) == "memory peak 0 MiB")
        #expect(
            PeakMemory.read(from: "assembled x, \(PeakMemory.text((97 << 20) - 1)), 12 MiB of it before") == 97 << 20)
        for text in ["", "memory peak", "memory peak MiB", "memory peak 12 MB", "memory peak 99999999999999999999 MiB"]
        {
            #expect(PeakMemory.read(from: text) == nil)
        }
        #expect(PeakMemory.read(from: PeakMemory.text(.max)) != nil)
        #expect(PeakMemory.read(from: PeakMemory.text(.min)) == 0)
    }

    @Test func contentIsFoundAgain() {
        let digest = String(repeating: "0123456789abcdef", count: 4)
        #expect(RunningContent.read(from: "small@1: running\(RunningContent.text(digest))") == digest)
        for other in ["", "0123", digest.uppercased(), digest + "0"] {
            #expect(RunningContent.text(other).isEmpty)
        }
        for text in ["", digest, "small@1: \(digest)", "small@1; content \(digest.dropLast())"] {
            #expect(RunningContent.read(from: text) == nil)
        }
    }
}
