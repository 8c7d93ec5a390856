import Testing

@testable import BootProtocols

@Suite("DHCPOptionSetting")
struct DHCPOptionSettingTests {
    @Test(
        "each form, by name and by number",
        arguments: [
            ("ntp-servers", ["10.0.0.1", "10.0.0.2"], [10, 0, 0, 1, 10, 0, 0, 2]), ("42", ["10.0.0.1"], [10, 0, 0, 1]),
            ("swap-server", ["10.0.0.1"], [10, 0, 0, 1]), ("ip-forwarding", ["true"], [1]),
            ("default-ip-ttl", ["64"], [64]), ("interface-mtu", ["9000"], [0x23, 0x28]),
            ("time-offset", ["-3600"], [0xff, 0xff, 0xf1, 0xf0]), ("pxelinux-reboot-time", ["30"], [0, 0, 0, 30]),
            ("root-path", ["/a"], [0x2f, 0x61]), ("domain-search", ["a.b", "c"], [1, 0x61, 1, 0x62, 0, 1, 0x63, 0]),
            ("classless-static-route", ["10.1.128.0/17 via 10.0.0.9"], [17, 10, 1, 128, 10, 0, 0, 9]),
            (
                "121", ["default via 10.0.0.9", "10.2.3.4/32 via 10.0.0.8"],
                [0, 10, 0, 0, 9, 32, 10, 2, 3, 4, 10, 0, 0, 8]
            ),
            ("224", ["hex:0a:0B0c"], [10, 11, 12]), ("224", ["text:a b"], [0x61, 0x20, 0x62]),
            ("ntp-servers", ["hex:01"], [1]), ("static-routes", ["10.0.0.1", "10.0.0.2"], [10, 0, 0, 1, 10, 0, 0, 2]),
            ("pxelinux-config-file", ["pxelinux.cfg/a"], Array("pxelinux.cfg/a".utf8)),
        ] as [(String, [String], [UInt8])])
    func forms(key: String, values: [String], expected: [UInt8]) throws {
        #expect(try DHCPOptionSetting(key, values: values).value == expected)
    }

    @Test(
        "what cannot be set is said, with what is expected",
        arguments: [
            (
                "ntp-server", ["10.0.0.1"],
                "there is no option `ntp-server`; write a name such as ntp-servers, or a number from 1 to 254"
            ),
            (
                "256", ["hex:00"],
                "there is no option `256`; write a name such as ntp-servers, or a number from 1 to 254"
            ),
            ("ntp-servers", ["ten"], "option ntp-servers is `ten`, expected IPv4 addresses, at most 63"),
            ("interface-mtu", ["70000"], "option interface-mtu is `70000`, expected a number from 0 to 65535"),
            (
                "224", ["abc"],
                "option 224 is `abc`, expected `hex:` and an even number of hex digits, or `text:` and words"
            ),
            (
                "224", ["hex:abc"],
                "option 224 is `hex:abc`, expected `hex:` and an even number of hex digits, or `text:` and words"
            ),
            (
                "domain-search", ["a..b"],
                "option domain-search is `a..b`, expected domain names, at most 255 bytes in all"
            ),
            (
                "51", ["hex:00000e10"],
                "option 51 cannot be set: the times of leases are set by leaseSeconds and its fellows"
            ),
            ("82", ["hex:00"], "option 82 cannot be set: it is given back to the client as it came"),
        ])
    func refused(key: String, values: [String], reason: String) {
        do throws(DHCPOptionSettingError) {
            _ = try DHCPOptionSetting(key, values: values)
            Issue.record("\(key) was taken")
        } catch {
            #expect(error.description == reason)
        }
    }

    @Test("more than 255 bytes are refused, since no option is split; 108 is never forced")
    func limits() {
        #expect(throws: DHCPOptionSettingError.tooLong(.init(rawValue: 17), byteCount: 256)) {
            try DHCPOptionSetting("root-path", values: [String(repeating: "x", count: 256)])
        }
        #expect(throws: DHCPOptionSettingError.tooLong(.init(rawValue: 42), byteCount: 256)) {
            try DHCPOptionSetting("ntp-servers", values: Array(repeating: "10.0.0.1", count: 64))
        }
        #expect(throws: DHCPOptionSettingError.self) {
            try DHCPOptionSetting("ipv6-only-preferred", values: ["300"], isForced: true)
        }
    }

    @Test("each known option has one number and one title; those with a name may be set")
    func table() {
        let all = DHCPOptionDefinition.all
        let names = all.compactMap(\.name)
        #expect(Set(all.map(\.code)).count == all.count && Set(names).count == names.count)
        #expect(
            Set(all.map(\.title)).count == all.count && all.map(\.code.rawValue) == all.map(\.code.rawValue).sorted())
        for definition in all {
            #expect(DHCPOptionDefinition.coded(definition.code) == definition)
            #expect(!definition.reference.isEmpty && !definition.title.isEmpty)
            guard let name = definition.name else { continue }
            #expect(DHCPOptionDefinition.named(name) == definition)
            #expect(DHCPOptionDefinition.reasonNotToSet(definition.code) == nil)
        }
    }

    @Test("a default route is found among others; what is cut is none")
    func defaultRoute() {
        #expect(ClasslessRoute.hasDefault(in: [16, 10, 1, 10, 0, 0, 9, 0, 10, 0, 0, 1]))
        #expect(!ClasslessRoute.hasDefault(in: [16, 10, 1, 10, 0, 0, 9]))
        #expect(!ClasslessRoute.hasDefault(in: [33, 10, 1]))
        #expect(!ClasslessRoute.hasDefault(in: []))
    }

    @Test("a set of codes is one")
    func codeSet() {
        var set = DHCPOptionCodeSet()
        let codes = [0, 1, 63, 64, 127, 128, 191, 192, 255].map { DHCPOptionCode(rawValue: $0) }
        for code in codes {
            #expect(!set.contains(code))
            set.insert(code)
        }
        #expect((0...255).filter { set.contains(.init(rawValue: $0)) } == codes.map(\.rawValue))
        #expect(set == DHCPOptionCodeSet(codes))
    }
}

@Suite("RelayAgentInformation")
struct RelayAgentInformationTests {
    private func read(_ bytes: [UInt8]) -> RelayAgentInformation? {
        var options = DHCPOptions()
        options.relayAgentInformation = bytes[...]
        return options.relayAgent
    }

    @Test("the sub-options that a server looks at; there is neither PAD nor END")
    func subOptions() {
        let relay = read([
            1, 1, 7, 2, 2, 0, 255, 5, 4, 10, 0, 0, 0, 10, 1, 0x80, 0, 0, 255, 1, 9, 11, 4, 10, 0, 0, 1, 19, 0,
        ])
        #expect(relay?.circuitID == [7] && relay?.remoteID == [0, 255])
        #expect(relay?.linkSelection?.description == "10.0.0.0")
        #expect(relay?.serverIdentifierOverride?.description == "10.0.0.1")
        #expect(relay?.wasUnicast == true && relay?.usesSourcePort == true)
        #expect(read([10, 1, 0])?.wasUnicast == false)
    }

    @Test("what is cut or malformed is absent")
    func cut() {
        let relay = read([5, 3, 10, 0, 0, 1, 9, 1])
        #expect(relay?.linkSelection == nil && relay?.circuitID == nil)
        #expect(read([])?.circuitID == nil)
    }
}
