import BootMachine
import BootProtocols
import FoundationEssentials
import Testing

@testable import AgentKit

@Suite struct BootArchiveTests {
    @Test func holdsAgentKeysAndSettings() throws {
        let settings = BootSettings(
            servers: [ServerURL(address: IPv4Address(value: 0x0a00_0001), port: 8987)], token: "secret",
            mac: DHCPClientTests.mac, kernelDigest: nil, phase: .runtimeKernel, attempt: 4)
        let archive = try BootArchive.make(
            agent: [1, 2, 3], keys: [("lab.pub", Array("key".utf8))], settings: settings)
        // Another archive may follow directly.
        #expect(archive.count.isMultiple(of: 4))
        let entries = try newcEntries(archive)
        #expect(entries["init"]?.contents == [1, 2, 3])
        #expect(entries["init"]?.mode == 0o100755)
        #expect(entries["etc/perseid/trusted/lab.pub"]?.contents == Array("key".utf8))
        let handed = try #require(entries["etc/perseid/boot.json"])
        #expect(handed.mode == 0o100600)
        #expect(try JSONDecoder().decode(BootSettings.self, from: Data(handed.contents)) == settings)
    }

    /// Reads a newc archive by its format's description (Linux, early-userspace/buffer-format.rst).
    private func newcEntries(_ archive: [UInt8]) throws -> [String: (mode: Int, contents: [UInt8])] {
        var entries: [String: (mode: Int, contents: [UInt8])] = [:]
        var position = 0
        while position + 110 <= archive.count {
            let header = String(decoding: archive[position..<position + 110], as: UTF8.self)
            #expect(header.hasPrefix("070701"))
            let fields = try (0..<13).map { number in
                let start = header.index(header.startIndex, offsetBy: 6 + number * 8)
                return try #require(Int(header[start..<header.index(start, offsetBy: 8)], radix: 16))
            }
            let name = String(decoding: archive[(position + 110)..<(position + 109 + fields[11])], as: UTF8.self)
            if name == "TRAILER!!!" { return entries }
            let data = (position + 110 + fields[11] + 3) & ~3
            entries[name] = (fields[1], Array(archive[data..<data + fields[6]]))
            position = (data + fields[6] + 3) & ~3
        }
        Issue.record("the archive has no trailer")
        return entries
    }
}
