import Testing

@testable import CapsuleStore

@Suite struct ProgramTests {
    @Test func missingProgramNamesItsPackage() async {
        let program = Program(name: "perseid-no-such-program", package: "some-package")
        let error = CapsuleBuildError.programMissing(program: "perseid-no-such-program", package: "some-package")
        await #expect(throws: error) { try await program.run([]) }
        await #expect(throws: error) { try await program.output([]) }
        await #expect(throws: error) { try await program.run([], through: .directory("/")) }
        #expect(error.description.contains("apt-get install some-package"))
    }

    @Test func failureQuotesTheLastLines() async throws {
        let shell = Program(name: "sh", package: "dash")
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await shell.run(["-c", "for i in $(seq 1 40); do echo line $i >&2; done; exit 3"])
        }
        guard case .programFailed("sh", let status, let lines)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(status.contains("3"))
        #expect(lines.count == 15 && lines.last == "line 40")
    }

    @Test func failureUnderAWrapperIsTheProgramsOwn() async throws {
        let error = await #expect(throws: CapsuleBuildError.self) {
            try await Program(name: "ls", package: "coreutils").run(["no-such-file"], through: .directory("/"))
        }
        #expect(error?.description.hasPrefix("ls failed") == true)
    }

    @Test func outputAndVariables() async throws {
        let text = try await Program.env.output(["sh", "-c", "echo $A-$LC_ALL; echo noise >&2"], variables: ["A": "b"])
        #expect(text == "b-C\n")
    }

    @Test func argumentsAreNotAShells() async throws {
        let text = try await Program(name: "echo", package: "coreutils").output(["$(id)", "a;b", "*"])
        #expect(text == "$(id) a;b *\n")
    }
}
