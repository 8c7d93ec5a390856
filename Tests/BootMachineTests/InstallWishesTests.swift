import BootMachine
import Testing

@Suite struct InstallWishesTests {
    @Test(arguments: ["reboot", "shutdown", "shell", "kexec", "/usr/bin/systemctl enable ssh.service", "/bin/true"])
    func whatIsAskedForReadsAsItWasWritten(text: String) {
        #expect(Afterwards(rawValue: text)?.rawValue == text)
    }

    @Test(arguments: [
        "", "reebot", "systemctl enable ssh", "/bin/echo \"open", "/bin/echo a\nb", " ",
        "/" + String(repeating: "a", count: Afterwards.longest),
    ])
    func otherThingsAreNone(text: String) {
        #expect(Afterwards(rawValue: text) == nil)
    }

    @Test func aCommandIsSplitAtBlanksOutsideOfQuotes() {
        #expect(
            Afterwards.words(of: "/bin/sh  -c 'echo \"a  b\"' \"\" x'y'z") == [
                "/bin/sh", "-c", "echo \"a  b\"", "", "xyz",
            ])
        #expect(Afterwards.words(of: "a 'b") == nil)
        #expect(Afterwards.words(of: "") == [])
    }

    @Test func stepsAreRead() throws {
        #expect(try InstallStep.list("loader,fetch,loader") == [.loader, .fetch])
        #expect(try InstallStep.list("") == [])
        let error = #expect(throws: UnknownInstallStep.self) { try InstallStep.list("fetch,fly") }
        #expect(error?.description.contains("no step `fly`; there are disks, partition") == true)
    }
}
