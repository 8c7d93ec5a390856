import Administration
import BootMachine
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Testing

@Suite struct DiscoveryTests {
    private let note = ChangeNote(author: "ann", what: "test", at: 1)

    private func inventory(serial: String) -> Inventory {
        var inventory = Inventory(
            cpus: 4, memoryBytes: 1 << 30, firmware: "efi", uuid: "4c4c4544-0042-3510-8052-b4c04f4d3132",
            serial: serial, product: "Box", uptimeMilliseconds: 5)
        inventory.hardware = Hardware()
        return inventory
    }

    private func withRegistry(_ body: (SQLiteStore, BootLedger, RegistryService) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/discovery-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        let ledger = BootLedger(store: store, snapshot: try store.load(), unknown: .quarantine)
        try body(store, ledger, RegistryService(store: store, ledger: ledger, server: NodeSettings()))
    }

    private func mac(_ number: UInt64) -> MACAddress { MACAddress(value: 0x5254_0000_0000 + number) }

    @Test func machinesWaitInTheOrderInWhichTheyCameAndGetNames() throws {
        try withRegistry { store, ledger, service in
            for (index, number) in ([9, 3, 7] as [UInt64]).enumerated() {
                ledger.record(BootEvent(node: mac(number), kind: .discovered, at: Int64(index) * 1000))
                ledger.take(inventory(serial: "S\(number)"), of: mac(number), at: Int64(index) * 1000)
            }
            // The first one is switched on again, which changes nothing of its place.
            ledger.record(BootEvent(node: mac(9), kind: .discovered, at: 100_000))
            try ledger.flush()
            let found = try service.discovered()
            #expect(found.map(\.mac) == [mac(9), mac(3), mac(7)].map(\.description))
            #expect(found.map { $0.inventory?.serial } == ["S9", "S3", "S7"] && found.first?.arrived == 0)
            _ = try service.add(AddRequest([GroupDraft(name: "rack1")]), by: note)

            let request = AssignRequest(
                [.init(mac: found[0].mac, name: "n001"), .init(mac: found[1].mac, name: "n002")],
                set: ["groups": "rack1"])
            #expect(try service.assign(request, by: note).count == 2)
            #expect(try service.discovered().map(\.mac) == [mac(7).description])
            let node = try service.resource(of: "n001")
            #expect(node.mac == mac(9).description && node.fields["approved"] == "yes")
            #expect(node.fields["serial"] == "S9" && node.fields["groups"] == "rack1")
            #expect(node.inventory?.product == "Box")
            #expect(try service.resources([]).compactMap(\.inventory).count == 3)
            _ = try service.undo(nil, ChangeOptions(), by: note)
            #expect(try service.discovered().count == 3)
        }
    }

    @Test func allOrNoneGetTheirNames() throws {
        try withRegistry { store, ledger, service in
            for number in [1, 2] as [UInt64] {
                ledger.record(BootEvent(node: mac(number), kind: .discovered, at: 1))
            }
            try ledger.flush()
            _ = try service.add(AddRequest([NodeDraft(name: "taken", mac: "52:54:00:99:00:01")]), by: note)
            let bad: [[AssignRequest.Assignment]] = [
                [.init(mac: "\(mac(1))", name: "n001"), .init(mac: "\(mac(2))", name: "n001")],
                [.init(mac: "\(mac(1))", name: "n001"), .init(mac: "\(mac(2))", name: "taken")],
                [.init(mac: "\(mac(1))", name: "n001"), .init(mac: "\(mac(5))", name: "n002")],
                [.init(mac: "\(mac(1))", name: "no name")], [.init(mac: "52:54:00:99:00:01", name: "n001")], [],
            ]
            for assignments in bad {
                #expect(throws: AdminProblem.self) { try service.assign(AssignRequest(assignments), by: note) }
            }
            #expect(throws: AdminProblem.self) {
                try service.assign(
                    AssignRequest([.init(mac: "\(mac(1))", name: "n001")], set: ["groups": "nowhere"]), by: note)
            }
            #expect(try service.discovered().count == 2)
        }
    }

    @Test func anInventoryIsWrittenWhenItIsNews() throws {
        try withRegistry { store, ledger, service in
            ledger.record(BootEvent(node: mac(1), kind: .discovered, at: 1))
            ledger.take(inventory(serial: "S1"), of: mac(1), at: 10)
            try ledger.flush()
            var again = inventory(serial: "S1")
            again.uptimeMilliseconds = 99
            ledger.take(again, of: mac(1), at: 20)
            try ledger.flush()
            #expect(try store.inventories(of: nil)[mac(1)]?.at == 10)
            var hardware = Hardware()
            hardware.processor = "Z80"
            ledger.take(hardware, of: mac(1), at: 30)
            try ledger.flush()
            let kept = try #require(try store.inventories(of: [mac(1)])[mac(1)])
            #expect(kept.at == 30 && kept.inventory.hardware?.processor == "Z80" && kept.inventory.serial == "S1")
            ledger.take(inventory(serial: "S2"), of: mac(1), at: 40)
            try ledger.flush()
            #expect(try store.inventories(of: [mac(1)])[mac(1)]?.inventory.serial == "S2")
        }
    }
}
