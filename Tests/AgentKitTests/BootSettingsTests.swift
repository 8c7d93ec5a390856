import AgentKit
import BootMachine
import BootProtocols
import Testing

@Suite struct BootSettingsTests {
    static let digest = String(repeating: "0a", count: 32)

    private func settings(_ text: String) throws(BootSettingsError) -> BootSettings {
        try BootSettings(KernelCommandLine(text))
    }

    @Test func readsTheBootScriptsParameters() throws {
        let found = try settings(
            "quiet perseid.server=http://10.0.0.1:8987 perseid.server=http://10.0.0.2 perseid.token=abc"
                + " perseid.mac=52:54:00:12:34:56 perseid.kernel=\(Self.digest)")
        #expect(found.servers.map(\.description) == ["http://10.0.0.1:8987", "http://10.0.0.2:80"])
        #expect(found.token == "abc")
        #expect(found.mac == MACAddress("52:54:00:12:34:56"))
        #expect(found.kernelDigest == Self.digest)
        #expect(found.phase == .stage1)
        #expect(found.attempt == nil)
    }

    @Test func doesWithoutMACAndKernel() throws {
        let found = try settings("perseid.server=http://10.0.0.1 perseid.token=abc perseid.mac= perseid.kernel=")
        #expect(found.mac == nil)
        #expect(found.kernelDigest == nil)
    }

    @Test(arguments: [
        ("perseid.token=abc", "perseid.server"),
        ("perseid.server=http://10.0.0.1", "perseid.token"),
        ("perseid.server=http://10.0.0.1 perseid.token=", "perseid.token"),
        ("perseid.server=boot perseid.token=abc", "perseid.server"),
        ("perseid.server=http://10.0.0.1 perseid.token=a\u{7f}b", "perseid.token"),
        ("perseid.server=http://10.0.0.1 perseid.token=abc perseid.mac=52:54", "perseid.mac"),
        ("perseid.server=http://10.0.0.1 perseid.token=abc perseid.kernel=ABC", "perseid.kernel"),
    ])
    func saysWhichParameterIsWrong(line: String, parameter: String) {
        let error = #expect(throws: BootSettingsError.self) { try settings(line) }
        #expect(error?.description.contains(parameter) == true)
    }

    @Test func readsBreakpoints() throws {
        let start = "perseid.server=http://10.0.0.1 perseid.token=abc"
        #expect(try settings(start).breakpoints.isEmpty)
        #expect(try settings("\(start) break=fetch,loader break=finish").breakpoints == [.fetch, .loader, .finish])
        let error = #expect(throws: BootSettingsError.self) { try settings("\(start) break=fly") }
        #expect(error?.description.contains("break=fly is not a list of disks, partition") == true)
    }

    @Test func keepsAMalformedTokenOutOfTheMessage() {
        let error = #expect(throws: BootSettingsError.self) {
            try settings("perseid.server=http://10.0.0.1 \"perseid.token=secret token\"")
        }
        #expect(error?.description.contains("secret") == false)
    }
}
