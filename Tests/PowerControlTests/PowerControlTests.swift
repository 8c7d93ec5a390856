import PowerControl
import Registry
import Testing

/// Against BMCs that others made.
@Suite(.serialized) struct PowerControlTests {
    private static func target(
        _ emulator: Emulator, _ method: PowerProtocol, _ name: String = "n001", secret: String = Emulator.secret
    ) throws -> PowerTarget {
        PowerTarget(
            node: name, address: try #require(BMCAddress("127.0.0.1:\(emulator.port)")), method: method, user: "admin",
            secret: try #require(PowerSecret(secret)))
    }

    private static func waitUntilUp(_ target: PowerTarget) async throws {
        for _ in 0..<240 {
            if await PowerControl.perform(.status, on: [target]).first?.problem == nil { return }
            try await Task.sleep(for: .milliseconds(500))
        }
        Issue.record("the emulator did not come up")
    }

    /// One machine through all its states.
    private static func exercise(_ emulator: Emulator, _ method: PowerProtocol) async throws {
        let target = try target(emulator, method)
        try await waitUntilUp(target)
        let perform = { (action: PowerAction) in await PowerControl.perform(action, on: [target]).first }
        let steps: [(PowerAction, String, String)] = [
            (.on, "switched on", "on"), (.reset, "reset", "on"), (.off, "switched off", "off"),
            (.cycle, "switched on", "on"),
        ]
        for (action, said, after) in steps {
            #expect(await perform(action) == PowerReport(node: "n001", result: said))
            // The emulators take up to 11 s.
            var state: String?
            for _ in 0..<80 {
                state = await perform(.status)?.result
                if state == after { break }
                try await Task.sleep(for: .milliseconds(250))
            }
            #expect(state == after, "after \(action)")
        }
        let wrong = try Self.target(emulator, method, "n002", secret: "wrong")
        let reports = await PowerControl.perform(.status, on: [wrong, target])
        #expect(reports.map(\.node) == ["n002", "n001"] && reports.last?.result == "on")
        #expect(reports.first?.problem != nil && reports.first?.result == nil)
    }

    @Test(.enabled(if: Emulator.hasIPMI), .timeLimit(.minutes(5))) func ipmi() async throws {
        try await Emulator.ipmi { try await Self.exercise($0, .ipmi) }
    }

    @Test(.enabled(if: Emulator.hasRedfish), .timeLimit(.minutes(5))) func redfish() async throws {
        try await Emulator.redfish { emulator in
            try await Self.exercise(emulator, .redfishPlain)
            let wrong = try Self.target(emulator, .redfishPlain, secret: "wrong")
            let problem = await PowerControl.perform(.on, on: [wrong]).first?.problem
            #expect(problem?.contains("does not take this user and password") == true)
            let safe = await PowerControl.perform(.status, on: [try Self.target(emulator, .redfish)])
            #expect(safe.first?.problem != nil)
        }
    }
}
