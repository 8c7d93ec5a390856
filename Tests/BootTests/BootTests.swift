import Foundation
import Subprocess
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
            try BootTests.expectReady(outcome)
        }

        /// The firmware has its loader by TLS, from a server whose authority it was given.
        @Test func bootsByHTTPS() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", "uefi-https")
            try BootTests.expectReady(outcome)
            let loader = outcome.output.split(separator: "\n").first { $0.contains("snponly.efi") }
            #expect(loader?.contains(" https ") == true, "the timeline's line: \(loader ?? "none")")
        }

        @Test(arguments: ["switch", "kexec"])
        func handsOffEitherWay(handoff: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--handoff", handoff)
            try BootTests.expectReady(outcome)
            #expect(outcome.output.contains(handoff), "the timeline names the handoff")
        }

        @Test func goesOnWhenTheServerComesBack() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--stop-server-in", "provisioning")
            try BootTests.expectReady(outcome)
            #expect(outcome.errors.contains("the server was stopped"))
            #expect(outcome.errors.contains("the server is back"))
        }
    }

    /// Beside a DHCP server that is someone else's: dnsmasq, on a host of its own, gives every address.
    @Suite struct Proxy {
        @Test(arguments: ["bios", "bios-pxe", "uefi", "uefi-http"])
        func bootsWithAnotherServersAddress(firmware: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--dhcp", "proxy", "--firmware",
                firmware)
            try BootTests.expectReady(outcome)
            let seen = outcome.output.split(separator: "\n").filter { $0.contains("address-seen") }
            #expect(seen.count >= 2, "firmware and stage 1 at least")
            #expect(seen.allSatisfy { $0.contains("of the DHCP server 10.77.0.2") })
            #expect(outcome.output.contains("as a proxy, no address"))
            #expect(!outcome.output.contains("leased"), "no address is Perseid's")
            #expect(!outcome.output.contains("refused"))
            #expect(try await bootServerAnswers() == 0, "what firmware is told spares it port 4011")
        }

        /// EDK2 takes an offer with 60 and without 43 for the word to ask on port 4011 (PXE 2.1, 2.2.5), and boots from
        /// nothing else then.
        @Test(arguments: ["server", "proxy"])
        func firmwareThatAsksOnPort4011IsAnsweredThere(dhcp: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--dhcp", dhcp, "--firmware", "uefi",
                "--binl", "52:54:00")
            try BootTests.expectReady(outcome)
            #expect(try await bootServerAnswers() >= 1)
        }

        /// dnsmasq gives the addresses and names the boot files; Perseid serves those by TFTP and HTTP.
        @Test(arguments: ["bios", "bios-pxe", "uefi", "uefi-http"])
        func bootsWithoutAWordOfDHCP(firmware: String) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--dhcp", "off", "--firmware",
                firmware)
            try BootTests.expectReady(outcome)
            for word in ["discovered", "offered", "leased", "address-seen", "refused"] {
                #expect(!outcome.output.contains(word), "Perseid has no part in DHCP")
            }
            #expect(outcome.output.contains("script-sent"))
        }

        /// Answers of the boot server to the machine that was booted last, by the packets that the server kept.
        private func bootServerAnswers() async throws -> Int {
            let decoded = try await Perseid.run("dhcp", "decode", "--json", BootState.shared + "/lab/n001.pcap")
            #expect(decoded.succeeded, Comment(rawValue: decoded.errors))
            let packets = try JSONDecoder().decode([Packet].self, from: Data(decoded.output.utf8))
            let asked = packets.filter { $0.destination?.hasSuffix(":4011") ?? false }
            let answered = packets.filter { $0.source == "10.77.0.1:4011" && $0.dhcp?.type == "DHCPACK" }
            #expect(answered.allSatisfy { $0.dhcp?.bootFile == "snponly.efi" })
            #expect(asked.isEmpty == answered.isEmpty)
            return answered.count
        }

        /// As much of `perseid dhcp decode --json` as is looked at.
        private struct Packet: Decodable {
            struct DHCP: Decodable {
                var type: String
                var bootFile: String
            }

            var source: String?
            var destination: String?
            var dhcp: DHCP?
        }
    }

    /// By the loaders beside iPXE.
    @Suite struct Chains {
        @Test(arguments: [
            ("bios-pxe", "pxelinux", ["lpxelinux.0", "pxelinux.cfg/01-52-54-00-12-34-56"]),
            ("uefi", "grub", ["grubx64.efi", "grub/grub.cfg"]),
        ])
        func bootsByAnotherLoader(firmware: String, loader: String, files: [String]) async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", firmware, "--loader",
                loader)
            try BootTests.expectReady(outcome)
            for file in files { #expect(outcome.output.contains(file), "the timeline names \(file)") }
            #expect(!outcome.output.contains("refused"), "probes of loaders are no refusals")
        }

        /// As far as a host with another processor can show it: the kernel of stage 1 runs its init, with the command
        /// line that was rendered for this machine.
        @Test func handsOverOnARM64() async throws {
            try Perseid.requireRoot()
            let agent = FileManager.default.temporaryDirectory.path + "/perseid-arm64-init-\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: agent) }
            let made = try await Subprocess.run(
                .name("clang"),
                arguments: [
                    "--target=aarch64-linux-gnu", "-nostdlib", "-static", "-ffreestanding", "-fuse-ld=lld", "-O2",
                    "-o", agent, Perseid.checkout + "/Fixtures/arm64/init.c",
                ], output: .discarded, error: .string(limit: 1 << 16))
            try #require(made.terminationStatus.isSuccess, Comment(rawValue: made.standardError))
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", "uefi-arm64",
                "--loader",
                "grub", "--arm64-agent", agent, "--until-line", "perseid.mac=52:54:00:12:34:56")
            #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
            for step in ["arm64 UEFI (arch 11)", "grubaa64.efi", "grub/grub.cfg", "stage1/arm64/initramfs.img"] {
                #expect(outcome.output.contains(step), "the timeline names \(step)")
            }
            #expect(!outcome.output.contains("refused"), "probes of loaders are no refusals")
        }

        /// Firmware, shim, GRUB and kernel each check the next one's signature, the last one with kexec.
        @Test func bootsUnderSecureBoot() async throws {
            let outcome = try await Perseid.run(
                "lab", "boot", "--state", BootState.shared, "--capsule", "small", "--firmware", "uefi-secureboot",
                "--loader", "shim", "--handoff", "kexec")
            try BootTests.expectReady(outcome)
            for step in ["shimx64.efi", "grubx64.efi", "grub/grub.cfg", "Secure Boot on", "kexec"] {
                #expect(outcome.output.contains(step), "the timeline names \(step)")
            }
            #expect(!outcome.output.contains("refused"), "probes of loaders are no refusals")
        }
    }

    private static func expectReady(_ outcome: Perseid.Outcome) throws {
        #expect(outcome.succeeded, Comment(rawValue: outcome.errors))
        let line = #/ready \S+ (?:[0-9a-f]{2}:){5}[0-9a-f]{2} small@[0-9]+ in [0-9]+(?:\.[0-9]+)? s/#
        #expect(outcome.lastLine.wholeMatch(of: line) != nil, "last line: \(outcome.lastLine)")
    }
}
