import BootMachine
import BootProtocols
import Foundation
import Registry
import Testing

@testable import BootHTTP

/// The scripts of nodes that boot something else than their settings say.
@Suite struct NextBootScriptTests {
    private static let names = [
        "boot/script/52-54-00-12-34-56.ipxe", "pxelinux.cfg/01-52-54-00-12-34-56", "/grub/grub.cfg",
    ]

    private func fixture(_ boot: NextBoot) async throws -> EndpointsFixture {
        var node = Node(mac: EndpointsFixture.mac, name: "n001", capsule: "tiny")
        node.nextBoot = boot
        return try await EndpointsFixture(node: node)
    }

    private func script(_ name: String, _ fixture: EndpointsFixture) throws -> String {
        let entry = try fixture.endpoints.tree.open(BootName(name), for: EndpointsFixture.address)
        guard case .script(let text, _, _) = entry else { return "" }
        return text
    }

    @Test(arguments: zip(names, ["sanboot --no-describe --drive 0x80", "DEFAULT local", "exit"]))
    func local(name: String, words: String) async throws {
        let fixture = try await fixture(NextBoot(.local, .once))
        let text = try script(name, fixture)
        #expect(text.contains(words))
        // Asked again within the attempt it says the same, though it is used up.
        #expect(try script(name, fixture).contains(words))
        #expect(fixture.ledger.record(of: EndpointsFixture.mac)?.node.nextBoot == nil)
    }

    @Test(arguments: names)
    func memtestIsRefusedAndNotUsedUpWithoutItsFiles(name: String) async throws {
        let fixture = try await fixture(NextBoot(.memtest, .once))
        do throws(BootTree.Refusal) {
            _ = try fixture.endpoints.tree.open(BootName(name), for: EndpointsFixture.address)
            Issue.record("\(name) was given")
        } catch .failed(let machine, let reason) {
            #expect(machine == EndpointsFixture.mac && reason.contains("perseid loader fetch memtest"))
        } catch {
            Issue.record("\(error)")
        }
        #expect(fixture.ledger.record(of: EndpointsFixture.mac)?.node.nextBoot?.target == .memtest)
        for file in ["memtest64.bin", "memtest64.efi"] {
            try Data("memtest".utf8).write(to: URL(fileURLWithPath: "\(fixture.path)/loaders/\(file)"))
        }
        #expect(try script(name, fixture).contains("memtest64"))
    }

    @Test(arguments: names)
    func aShellComesWithItsInitramfsAndAWordForTheAgent(name: String) async throws {
        for (target, word) in [(NextBoot.Target.shell, "perseid.shell=first"), (.rescue, "perseid.shell=rescue")] {
            let fixture = try await fixture(NextBoot(target, .once))
            try Data("shell".utf8).write(to: URL(fileURLWithPath: fixture.path + "/stage1/shell.img"))
            let text = try script(name, fixture)
            #expect(text.contains(word) && text.contains("/shell.img"))
        }
    }

    @Test(arguments: names)
    func othersGetStageOneAlone(name: String) async throws {
        let text = try script(name, try await fixture(NextBoot(.capsule("tiny@1"), .always)))
        #expect(text.contains("/vmlinuz") && !text.contains("shell"))
        #expect(!text.contains("sanboot") && !text.contains("DEFAULT local") && !text.contains("chainloader"))
    }

    @Test func argumentsAndConsoleAreTheNodes() async throws {
        var node = Node(mac: EndpointsFixture.mac, name: "n001", capsule: "tiny")
        node.settings.console = "ttyS1,115200"
        node.settings.kernelArguments = "quiet console=ttyS9"
        let text = try script(Self.names[0], try await EndpointsFixture(node: node))
        #expect(text.contains("console=tty0 console=ttyS1,115200 quiet ||"))
    }
}
