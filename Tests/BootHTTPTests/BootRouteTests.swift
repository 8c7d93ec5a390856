import BootProtocols
import Testing

@testable import BootHTTP

@Suite struct BootRouteTests {
    private static let digest = String(repeating: "0a", count: 32)

    @Test(arguments: [
        ("/boot/snponly.efi", BootRoute.boot(.file("snponly.efi"), path: "snponly.efi")),
        ("//boot//snponly.efi", .boot(.file("snponly.efi"), path: "snponly.efi")),
        ("/boot/stage1/vmlinuz?x=1", .boot(.file("stage1/vmlinuz"), path: "stage1/vmlinuz")),
        (
            "/boot/script/52-54-00-12-34-56.ipxe",
            .boot(
                .script(.ipxe, MACAddress(value: 0x5254_0012_3456)), path: "script/52-54-00-12-34-56.ipxe")
        ),
        ("/node/v1/check-in", .checkIn),
        ("/node/v1/report", .report),
        ("/node/v1/capsules/small@1/manifest", .manifest(capsule: "small@1")),
        ("/node/v1/capsules/small%401/index", .index(capsule: "small@1")),
        ("/node/v1/bundles/\(digest)", .bundle(digest)),
    ])
    func targetsNameThings(target: String, route: BootRoute) {
        #expect(BootRoute(target: target) == route)
    }

    @Test(arguments: [
        "", "boot/x", "/", "/boot", "/boot/../etc/passwd", "/boot/%2e%2e/etc/passwd", "/boot/a%2fb", "/boot/a%00",
        "/boot/a%5cb", "/boot/%zz", "/boot/%a", "/boot/%zz/snponly.efi", "/boot/a%2f/snponly.efi", "/node/v1/%/report",
        "/node/v1/bundles/../../etc", "/node/v1/bundles/0a", "/node/v2/report", "/etc/passwd",
        "/boot/" + String(repeating: "a", count: 2000),
    ])
    func otherTargetsNameNothing(target: String) {
        let route = BootRoute(target: target)
        if case .boot(_, let name) = route {
            #expect(!name.contains("..") && !name.contains("\\") && !name.contains("\0"), "\(name)")
            Issue.record("\(target) is served as \(name)")
        }
        #expect(route == nil)
    }
}
