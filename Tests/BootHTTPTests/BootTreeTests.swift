import BootMachine
import BootProtocols
import Foundation
import PacketIO
import Registry
import Testing

@testable import BootHTTP

@Suite struct BootTreeTests {
    private static let names = [
        "boot/script/52-54-00-12-34-56.ipxe", "pxelinux.cfg/01-52-54-00-12-34-56", "/grub/grub.cfg",
        "grub/grub.cfg-01-52-54-00-12-34-56",
    ]

    @Test("every loader's script is for the lease's holder and carries a token that checks in", arguments: names)
    func scripts(name: String) async throws {
        let fixture = try await EndpointsFixture()
        guard case .script(let text, let machine, .stage1) = try open(name, fixture) else {
            Issue.record("\(name) is no script")
            return
        }
        #expect(machine == EndpointsFixture.mac)
        #expect(text.contains("console=ttyS0") && text.contains("perseid.mac=52:54:00:12:34:56"))
        #expect(text.contains("/vmlinuz") && text.contains("/initramfs.img"))
        #expect(!text.contains("{{"))
        let token = try #require(text.firstMatch(of: #/perseid\.token=(\S+)/#).map { String($0.1) })
        #expect(try fixture.checkIn(token).status == 200)
    }

    @Test("iPXE's autoexec goes to the script and holds no token")
    func autoexec() async throws {
        let fixture = try await EndpointsFixture()
        guard case .script(let text, _, _) = try open("autoexec.ipxe", fixture) else {
            Issue.record("no script")
            return
        }
        #expect(text.hasPrefix("#!ipxe\n"))
        #expect(text.contains("http://10.0.0.1:8987/boot/script/52-54-00-12-34-56.ipxe"))
        #expect(!text.contains("token"))
    }

    @Test("a stranger gets no machine's script, and a name without a MAC is nothing to him")
    func strangers() async throws {
        let fixture = try await EndpointsFixture()
        for name in Self.names + ["autoexec.ipxe"] {
            do throws(BootTree.Refusal) {
                _ = try fixture.endpoints.tree.open(BootName(name), for: EndpointsFixture.stranger)
                Issue.record("\(name) was given")
            } catch .forbidden(let machine, let reason) {
                #expect(machine == EndpointsFixture.mac && name.contains("52-54"))
                #expect(reason.contains("10.0.0.6"))
            } catch .file(let error) {
                #expect(error == .notFound && !name.contains("52-54"))
            } catch {
                Issue.record("\(name): \(error)")
            }
        }
    }

    @Test("a probe's absence is no refusal of the node, that of a named file is")
    func probes() async throws {
        let fixture = try await EndpointsFixture()
        #expect(fixture.get("/boot/pxelinux.cfg/default").status == 404)
        #expect(fixture.get("/boot/revocations_sku.efi").status == 404)
        #expect(try fixture.events(.refused).isEmpty)
        #expect(fixture.get("/boot/mykernel").status == 404)
        #expect(try fixture.events(.refused).map(\.detail) == ["mykernel: no such file"])
    }

    @Test("names that leave the tree are refused", arguments: ["../registry.sqlite", "stage1/../../x", "a\\b", ""])
    func outside(name: String) async throws {
        let fixture = try await EndpointsFixture()
        do throws(BootTree.Refusal) {
            _ = try fixture.endpoints.tree.open(BootName(name), for: EndpointsFixture.address)
            Issue.record("\(name) was opened")
        } catch .file(.badName) {
        } catch {
            Issue.record("\(error)")
        }
    }

    private func open(_ name: String, _ fixture: EndpointsFixture) throws -> BootTree.Entry {
        try fixture.endpoints.tree.open(BootName(name), for: EndpointsFixture.address)
    }
}
