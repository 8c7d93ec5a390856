import Foundation
import Testing

extension BootTests {
    /// `perseid boot set n001 THING --once`: the machine does it, and the power-on after it is like any other.
    @Suite struct NextBoots {
        @Test func givesAShellForOnceAndBootsOn() async throws {
            try await boot("bios", "rescue", shows: "built-in shell (ash)")
        }

        @Test(
            .enabled(if: BootTests.isLong),
            arguments: [
                ("bios", "shell", "built-in shell (ash)"), ("bios", "local", "this is the disk of n001"),
                ("bios", "memtest", "Memtest86+"), ("uefi", "rescue", "built-in shell (ash)"),
                // OVMF's last entry, after network and disks.
                ("uefi", "local", "UEFI Interactive Shell"),
            ])
        func doesForOnceWhatItIsTold(firmware: String, thing: String, line: String) async throws {
            try await boot(firmware, thing, shows: line)
        }

        private func boot(_ firmware: String, _ thing: String, shows line: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", firmware,
                "--next-boot", thing)
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            #expect(outcome.output.contains("the console showed: \(line)"))
            #expect(outcome.lastLine.hasPrefix("ready n001 "))
        }
    }
}
