import BootProtocols
import Foundation
import Testing

@testable import BootPolicy

@Suite("ClientFingerprint: the table as a whole")
struct ClientTableTests {
    private func row(of sample: SampleClient) throws -> ClientFingerprint {
        let traits = ClientTraits(
            try sample.message(), wasChained: sample.wasChained, isSetToBINL: sample.isSetToBINL)
        return ClientFingerprint.matching(traits, giving: sample.loader)
    }

    @Test("each sample falls under its row and gets its offer", arguments: SampleClient.all)
    func samples(sample: SampleClient) throws {
        #expect(try row(of: sample).name == sample.row)
        #expect(try sample.client().offer == sample.offer)
    }

    @Test("no row is unreachable: each of a table is the row of some sample", arguments: BootLoader.allCases)
    func reachable(loader: BootLoader) throws {
        let table = try #require(ClientFingerprint.tables[loader])
        var unreached = Set(table.map(\.name))
        #expect(unreached.count == table.count, "names are unique")
        for sample in SampleClient.all {
            let traits = ClientTraits(
                try sample.message(), wasChained: sample.wasChained, isSetToBINL: sample.isSetToBINL)
            unreached.remove(ClientFingerprint.matching(traits, giving: loader).name)
        }
        #expect(unreached.isEmpty)
    }

    @Test("every message of every capture is told, and by a row of its own", arguments: BootLoader.allCases)
    func captures(loader: BootLoader) throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let names = try FileManager.default.contentsOfDirectory(atPath: root + "/Fixtures/captures")
        var count = 0
        for name in names where name.hasSuffix(".pcap") {
            for message in try capturedClients(String(name.dropLast(5))) {
                let row = ClientFingerprint.matching(ClientTraits(message), giving: loader)
                #expect(row.kind != .system, "\(name): a boot program, not an operating system")
                count += 1
            }
        }
        #expect(count > 15)
    }

    @Test("docs/clients.md has the rows of the table, each once, and no others")
    func documented() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let text = try String(contentsOfFile: root + "/docs/clients.md", encoding: .utf8)
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("| client |") }.prefix { $0.hasPrefix("|") }
        let named = lines.dropFirst(2).compactMap {
            $0.split(separator: "|").first?.trimmingCharacters(in: CharacterSet(charactersIn: " *"))
        }
        let rows = Set(ClientFingerprint.tables.values.joined().map(\.name))
        #expect(Set(named).count == named.count)
        #expect(Set(named).subtracting(rows) == [])
        #expect(rows.subtracting(named) == [])
    }

    @Test("a client whose loader is not there is refused, with the names of the files that would do")
    func missing() throws {
        for sample in SampleClient.all {
            let row = try row(of: sample)
            guard !row.files.isEmpty else { continue }
            guard case .refused(let reason) = try sample.client(having: []).offer else {
                Issue.record("\(sample) was offered something")
                continue
            }
            for file in row.files { #expect(reason.contains(file)) }
        }
    }

    @Test("the next best file serves where the best is missing")
    func secondChoice() throws {
        let sample = SampleClient(
            "UEFI PXE, arm64", offer: .pxeLoader("grubaa64.efi"), SampleClient.captured("arm64-edk2-pxe-http", 0))
        #expect(try sample.client(having: ["grubaa64.efi", "start4.elf"]).offer == sample.offer)
    }

    @Test("UEFI on a Raspberry Pi is UEFI")
    func uefiOnPi() throws {
        let message = try SampleClient.made("PXEClient:Arch:00011:UNDI:003000", 11, mac: 0xdca6_3201_0203)()
        #expect(ClientFingerprint.matching(ClientTraits(message)).name == "UEFI PXE, arm64")
    }
}
