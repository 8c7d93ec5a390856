import Glibc
import Testing

@testable import BootLab

@Suite struct TranscriptTests {
    private let directory = TemporaryDirectory()

    private func transcript(_ name: String = "log") throws -> Transcript {
        try Transcript(of: "a machine", log: directory.path + "/" + name)
    }

    @Test func findsALineThatCameBefore() async throws {
        let transcript = try transcript()
        transcript.append("one\ntwo perseid-agent\n")
        let line = try await transcript.line(containing: "perseid-agent", within: .seconds(60))
        #expect(line.text == "two perseid-agent")
    }

    @Test func waitsForALineToCome() async throws {
        let transcript = try transcript()
        async let line = transcript.line(containing: "ready", within: .seconds(60))
        transcript.append("not yet\nrea")
        transcript.append("dy\n")
        #expect(try await line.text == "ready")
    }

    @Test func namesTheLogAndTheLastLinesOfALineThatDoesNotCome() async throws {
        let transcript = try transcript()
        transcript.append("Kernel panic\n")
        let error = try await #require(throws: LabError.self) {
            try await transcript.line(containing: "ready", within: .milliseconds(1))
        }
        #expect(error.description.contains("no \"ready\" from a machine"))
        #expect(error.description.contains(directory.path + "/log"))
        #expect(error.description.contains("| Kernel panic"))
    }

    @Test func streamsAllLinesAndEnds() async throws {
        let transcript = try transcript()
        transcript.append("one\n")
        let stream = transcript.allLines()
        transcript.append("two\nthree")
        transcript.finish()
        var seen: [String] = []
        for await line in stream { seen.append(line.text) }
        #expect(seen == ["one", "two", "three"])
        #expect(transcript.lastLines(2) == ["two", "three"])
    }

    @Test func keepsTheBytesAsTheyCame() throws {
        let transcript = try transcript("raw")
        transcript.append("a\u{1b}[2Jb\r\n")
        #expect(try directory.contents(of: "raw") == "a\u{1b}[2Jb\r\n")
    }

    @Test func saysWhereItCannotWrite() {
        #expect(throws: LabError.self) { try transcript("no/such/directory") }
    }
}

extension Transcript {
    func append(_ text: String) {
        Array(text.utf8).withUnsafeBytes { append($0) }
    }
}
