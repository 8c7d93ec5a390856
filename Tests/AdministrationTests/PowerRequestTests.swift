import Administration
import BootMachine
import BootProtocols
import Foundation
import PowerControl
import Registry
import RegistrySQLite
import Testing

@Suite struct PowerRequestTests {
    private let note = ChangeNote(author: "ann", what: "test", at: 1)

    private func withService(_ body: (RegistryService, SQLiteStore, PowerSecrets) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/power-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        let secrets = PowerSecrets(directory: directory + "/power")
        let service = RegistryService(store: store, ledger: nil, server: NodeSettings(), secrets: secrets)
        let drafts = (1...3).map { NodeDraft(name: "n00\($0)", mac: "52:54:00:00:00:0\($0)") }
        _ = try service.add(AddRequest(drafts), by: note)
        try await body(service, store, secrets)
    }

    @Test func neverWithoutASelectorNorForTooMany() async throws {
        try await withService { service, _, _ in
            await #expect(throws: AdminProblem.self) {
                try await service.power(PowerRequest(select: [], action: .off), by: "ann", at: 1)
            }
            let drafts = (1...200).map {
                NodeDraft(name: "m\($0)", mac: "\(MACAddress(value: 0x0200_0000_0000 + UInt64($0)))")
            }
            _ = try service.add(AddRequest(drafts), by: note)
            await #expect(throws: AdminProblem.self) {
                try await service.power(PowerRequest(select: ["*"], action: .off), by: "ann", at: 1)
            }
        }
    }

    @Test func saysOfEachNodeWhatItLacks() async throws {
        try await withService { service, store, secrets in
            let ask = { try await service.power(PowerRequest(select: ["n001"], action: .on), by: "ann", at: 1) }
            #expect(try await ask().first?.problem?.contains("--power ipmi") == true)
            _ = try service.change(ChangeRequest(select: ["n001"], set: ["power": "redfish-plain"]), by: note)
            #expect(try await ask().first?.problem?.contains("--power-user") == true)
            _ = try service.change(ChangeRequest(select: ["n001"], set: ["powerUser": "admin"]), by: note)
            #expect(try await ask().first?.problem?.contains("--bmc") == true)
            // Where the machine itself says its BMC is; nobody listens there.
            var inventory = Inventory(
                cpus: 1, memoryBytes: 1, firmware: "bios", uuid: nil, serial: nil, product: nil, uptimeMilliseconds: 1)
            inventory.hardware = Hardware()
            inventory.hardware?.bmc = Hardware.BMC(address: "127.0.0.1", mac: nil)
            let mac = try #require(MACAddress("52:54:00:00:00:01"))
            try store.write([.inventory(inventory, of: mac, at: 1)])
            #expect(try await ask().first?.problem?.contains("power secret n001") == true)
            try secrets.keep("secret", for: .group("all"))
            let answer = try await ask()
            #expect(answer.count == 1 && answer.first?.problem != nil && answer.first?.result == nil)
            #expect(!"\(answer)".contains("secret"))
            #expect(try store.strayEvents(of: mac, since: 0).isEmpty)
        }
    }

    @Test func badValuesAreRefused() async throws {
        try await withService { service, _, _ in
            for (field, value) in [("power", "magic"), ("powerUser", "a:b"), ("bmc", "-o x"), ("bmc", "10.0.0.1/x")] {
                #expect(throws: AdminProblem.self) {
                    try service.change(ChangeRequest(select: ["n001"], set: [field: value]), by: note)
                }
            }
        }
    }
}
