import Glibc
import PacketIO
import Testing

@testable import AgentKit

@Suite struct KexecTests {
    @Test(arguments: [
        ("quiet", ["console=ttyS0", "panic=5"], "quiet console=ttyS0 panic=5"),
        ("", ["console=ttyS0"], "console=ttyS0"),
        ("console=tty1 quiet", ["console=ttyS0", "panic=5"], "console=tty1 quiet panic=5"),
        ("  quiet ", [], "quiet"),
    ])
    func joinsTheCapsulesLineWithTheMachinesConsole(capsule: String, console: [String], expected: String) {
        #expect(Kexec.commandLine(of: capsule, console: console) == expected)
    }

    @Test func writesAStreamBehindWhatIsThere() throws {
        let file = try Kexec.memoryFile("test", base: 4)
        let before: [UInt8] = [1, 2, 3, 4]
        try file.descriptor.writeAll(before.span.bytes)
        try file.write([9, 8, 7][1...], at: 2)
        try systemCall("lseek") { lseek(file.descriptor.raw, 0, SEEK_SET) }
        let found = try file.descriptor.readAll()
        #expect(found == [1, 2, 3, 4, 0, 0, 8, 7])
    }
}
