import Testing

/// Boots of virtual machines, one at a time: each is measured against a time-out and wants the whole host.
@Suite(.serialized) enum BootTests {}

extension BootTests {
    /// From power-on to ready, by each firmware and each handoff.
    @Suite struct ToReady {
        @Test(arguments: ["bios", "bios-pxe", "uefi", "uefi-http"])
        func bootsTheSmallCapsule(firmware: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", firmware)
            try expectReady(outcome)
        }

        @Test(arguments: ["switch", "kexec"])
        func handsOffEitherWay(handoff: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--handoff", handoff)
            try expectReady(outcome)
            #expect(outcome.output.contains(handoff), "the timeline names the handoff")
        }

        @Test func goesOnWhenTheServerComesBack() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--stop-server-in", "provisioning")
            try expectReady(outcome)
            #expect(outcome.errors.contains("the server was stopped"))
            #expect(outcome.errors.contains("the server is back"))
        }

        private func expectReady(_ outcome: Perseid.Outcome) throws {
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            let line = #/ready \S+ (?:[0-9a-f]{2}:){5}[0-9a-f]{2} small@[0-9]+ in [0-9]+(?:\.[0-9]+)? s/#
            #expect(outcome.lastLine.wholeMatch(of: line) != nil, "last line: \(outcome.lastLine)")
        }
    }
}
