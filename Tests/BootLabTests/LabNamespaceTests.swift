import Glibc
import Testing

@testable import BootLab

@Suite struct LabNamespaceTests {
    @Test func handsDeathOnFromTheOuterProgramToTheInnerOne() {
        let command = LabNamespace.command(executable: "/usr/bin/perseid", arguments: ["lab", "boot"])
        #expect(command.prefix(4) == ["setpriv", "--pdeathsig", "KILL", "--"])
        #expect(command.contains("--kill-child"))
        #expect(command.suffix(4) == ["--", "/usr/bin/perseid", "lab", "boot"])
    }

    @Test func isOutsideHere() {
        #expect(!LabNamespace.isInside)
    }

    @Test func givesTheStatusOfTheInnerProgram() throws {
        if geteuid() == 0 {
            #expect(try LabNamespace.enter(executable: "/bin/sh", arguments: ["-c", "exit 7"]) == 7)
            // Process 1 of its own namespace, which has nothing but a loopback interface that is down.
            #expect(try LabNamespace.enter(executable: "/bin/sh", arguments: ["-c", "exit $$"]) == 1)
            #expect(
                try LabNamespace.enter(executable: "/bin/sh", arguments: ["-c", "ip -o link | grep -vc ' lo: '"]) == 1)
        } else {
            #expect(throws: LabError.notRoot) { try LabNamespace.enter() }
        }
    }
}
