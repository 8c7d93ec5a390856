import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Testing

@testable import Administration

extension RegistryService {
    /// The nodes that `words` mean, as a client reads them.
    func resources(_ words: [String], after: String? = nil, limit: Int? = nil) throws -> [NodeResource] {
        try JSONDecoder().decode([NodeResource].self, from: Data(json(words, after: after, limit: limit)))
    }
}

/// JSON that is written by hand, against what the encoder makes of each node.
@Suite struct NodeJSONTests {
    private func withService(_ body: (RegistryService) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/json-\(UUID().uuidString).sqlite"
        defer { for end in ["", "-wal", "-shm"] { unlink(path + end) } }
        let store = try SQLiteStore(path: path)
        let service = RegistryService(
            store: store, ledger: nil, server: NodeSettings(capsule: "small", kernelArguments: "quiet"))
        let note = ChangeNote(author: "admin", what: "test", at: 5)
        _ = try service.add(AddRequest([GroupDraft(name: "gpu", fields: ["console": "ttyS1,115200"])]), by: note)
        let drafts = (1...700).map { number in
            NodeDraft(
                name: "n\(number)", mac: MACAddress(value: 0x5254_0000_0000 + UInt64(number)).description,
                fields: number.isMultiple(of: 3)
                    ? [
                        "comment": "a \"quoted\" \\ back\u{e9}slash/\u{1F600}", "groups": "gpu", "tags": "a,b",
                        "address": "10.0.\(number >> 8).\(number & 255)", "nextBoot": "once memtest",
                        "kernelArguments": "console=\"x y\"",
                    ] : [:])
        }
        _ = try service.add(AddRequest(drafts), by: note)
        var inventory = Inventory(
            cpus: 2, memoryBytes: 1 << 30, firmware: "bios", uuid: nil, serial: "S\"1", product: "Box",
            uptimeMilliseconds: 1)
        inventory.hardware = Hardware()
        for number in [1, 501, 700] {
            _ = try store.write([
                .inventory(inventory, of: MACAddress(value: 0x5254_0000_0000 + UInt64(number)), at: 77)
            ])
        }
        try body(service)
    }

    @Test func isWhatTheEncoderMakes() throws {
        try withService { service in
            let all = try service.resources([])
            #expect(all.count == 700)
            for node in all { #expect(try service.resource(of: node.name) == node) }
            #expect(all.compactMap(\.inventory).count == 3 && all.first { $0.name == "n501" }?.inventoryAt == 77)
            // Byte for byte, where nothing was stored as text.
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let some = try service.json(["n3", "n2"], after: nil, limit: nil)
            let nodes = try ["n2", "n3"].map { try service.resource(of: $0) }
            #expect(
                String(decoding: some, as: UTF8.self) == String(decoding: try encoder.encode(nodes), as: UTF8.self)
                    + "\n")
        }
    }

    @Test func comesInPages() throws {
        try withService { service in
            let all = try service.resources([]).map(\.name)
            var found: [String] = []
            while true {
                let page = try service.resources([], after: found.last, limit: 150).map(\.name)
                found += page
                guard page.count == 150 else { break }
            }
            #expect(found == all)
            #expect(try service.resources(["comment=none"]).isEmpty)
        }
    }
}
