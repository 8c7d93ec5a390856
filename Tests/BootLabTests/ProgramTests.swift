import Testing

@testable import BootLab

@Suite struct ProgramTests {
    private let directory = TemporaryDirectory()

    @Test func givesWhatAProgramPrints() async throws {
        #expect(try await Program("echo", ["two", "words; not a shell"]).run() == "two words; not a shell")
        #expect(try await Program("/bin/echo", ["by path"]).run() == "by path")
    }

    @Test func saysWhichPackageHasAMissingProgram() async throws {
        let error = try await #require(throws: LabError.self) {
            try await Program("perseid-no-such-program", package: "some-package").run()
        }
        #expect(error == .programMissing(program: "perseid-no-such-program", package: "some-package"))
        #expect(error.description.contains("install the Debian package some-package"))
    }

    @Test func givesTheOutputOfAFailure() async throws {
        let error = try await #require(throws: LabError.self) {
            try await Program("ls", ["/perseid/no/such/file"]).run()
        }
        #expect(error.description.contains("ls /perseid/no/such/file failed"))
        #expect(error.description.contains("No such file"))
    }

    @Test func runsAProgramAsLongAsItIsNeeded() async throws {
        let log = try Transcript(of: "cat", log: directory.path + "/log")
        let result = try await Program("sh", ["-c", "echo up; exec sleep 600"]).running(into: log) {
            try await log.line(containing: "up", within: .seconds(60)).text
        }
        #expect(result == "up")
    }

    @Test func saysHowAProgramEndedBeforeItsTime() async throws {
        let log = try Transcript(of: "the server", log: directory.path + "/log")
        let error = try await #require(throws: LabError.self) {
            try await Program("sh", ["-c", "echo port 67 is taken; exit 3"]).running(into: log) {
                _ = try await log.line(containing: "never", within: .seconds(600))
            }
        }
        guard case .programEnded(let program, let status, _, let lastLines) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(program == "the server")
        #expect(status == "exited(3)")
        #expect(lastLines == ["port 67 is taken"])
    }

    @Test func passesTheErrorOfTheWorkOn() async throws {
        struct Refused: Error {}
        let log = try Transcript(of: "sleep", log: directory.path + "/log")
        await #expect(throws: Refused.self) {
            try await Program("sleep", ["600"]).running(into: log) { throw Refused() }
        }
    }
}
