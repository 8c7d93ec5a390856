import AgentKit
import Testing

@Suite struct KernelCommandLineTests {
    @Test func splitsAtBlanksOutsideQuotes() {
        let line = KernelCommandLine("quiet  a=1\tname=\"two words\" \"whole=quoted word\" empty= x==y\n")
        let found = line.parameters.map { "\($0.name)|\($0.value ?? "nil")" }
        #expect(found == ["quiet|nil", "a|1", "name|two words", "whole|quoted word", "empty|", "x|=y"])
    }

    @Test func countsTheLastOfSeveral() {
        let line = KernelCommandLine("perseid.server=a perseid.server=b perseid.token=one perseid.token=two")
        #expect(line.values(of: "perseid.server") == ["a", "b"])
        #expect(line.value(of: "perseid.token") == "two")
        #expect(line.value(of: "absent") == nil)
    }

    @Test func keepsWhereMessagesGoForTheNextKernel() {
        let line = KernelCommandLine(
            "console=tty0 quiet console=ttyS0,115200 perseid.token=secret panic=5 ignore_loglevel BOOT_IMAGE=x")
        #expect(line.consoleSettings == ["console=tty0", "console=ttyS0,115200", "panic=5", "ignore_loglevel"])
    }

    @Test(arguments: ["", "   ", "\"", "= = =", "\u{0}\u{1}\u{7f}", "a=\"unclosed b"])
    func readsAnything(text: String) {
        #expect(KernelCommandLine(text).parameters.count <= 3)
    }
}
