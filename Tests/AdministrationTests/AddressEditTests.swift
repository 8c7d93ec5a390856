import Administration
import BootProtocols
import Foundation
import Registry
import RegistrySQLite
import Testing

@Suite struct AddressEditTests {
    private let note = ChangeNote(author: "ann", what: "test", at: 1_000_000)

    private func withService(
        problem: @escaping @Sendable ([Node]) -> String? = { _ in nil },
        _ body: (RegistryService, SQLiteStore) throws -> Void
    ) throws {
        let directory = FileManager.default.temporaryDirectory.path + "/addresses-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let store = try SQLiteStore(path: directory + "/registry.sqlite")
        let service = RegistryService(
            store: store, ledger: nil, server: NodeSettings(), addressProblem: problem)
        let drafts = (1...2).map { NodeDraft(name: "n00\($0)", mac: "52:54:00:00:00:0\($0)") }
        _ = try service.add(AddRequest(drafts), by: note)
        try body(service, store)
    }

    private func set(_ service: RegistryService, _ field: String, _ value: String) throws {
        _ = try service.change(ChangeRequest(select: ["n001"], set: [field: value]), by: note)
    }

    @Test func anAddressThatAnotherHoldsFromAPoolIsRefused() throws {
        try withService { service, store in
            let address = try #require(IPv4Address("10.0.0.50"))
            let other = try #require(MACAddress("52:54:00:00:00:99"))
            try store.hold([Lease(mac: other, address: address, expires: 1_600_000)])
            let error = #expect(throws: AdminProblem.self) { try set(service, "address", "10.0.0.50") }
            #expect(error?.description.contains("leased to 52:54:00:00:00:99 for 11 min more") == true)
            #expect(throws: AdminProblem.self) { try set(service, "interfaces", "02:00:00:00:00:01/ib0/10.0.0.50") }
            #expect(try service.resource(of: "n001").fields["address"] == nil)
            // Its own lease, and one that is over, are in nobody's way.
            let own = try #require(MACAddress("52:54:00:00:00:01"))
            try store.hold([Lease(mac: own, address: address, expires: 1_600_000)])
            try set(service, "address", "10.0.0.50")
            try store.hold([Lease(mac: other, address: try #require(IPv4Address("10.0.0.51")), expires: 999_000)])
            try set(service, "address", "10.0.0.51")
        }
    }

    @Test func whatDHCPHasAgainstItIsSaidAndOnlyOfAddressesThatAreNew() throws {
        let problem = { @Sendable (nodes: [Node]) -> String? in
            nodes.contains { $0.address?.description == "10.0.0.1" } ? "the server's own" : nil
        }
        try withService(problem: problem) { service, _ in
            let error = #expect(throws: AdminProblem.self) { try set(service, "address", "10.0.0.1") }
            #expect(error == .conflict("the server's own"))
            try set(service, "address", "10.0.0.2")
            try set(service, "comment", "same address")
            #expect(throws: AdminProblem.self) {
                try service.add(
                    AddRequest([NodeDraft(name: "n003", mac: "52:54:00:00:00:03", fields: ["address": "10.0.0.1"])]),
                    by: note)
            }
        }
    }
}
