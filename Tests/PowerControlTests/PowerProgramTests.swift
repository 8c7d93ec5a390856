import Foundation
import Registry
import Testing

@testable import PowerControl

@Suite struct PowerProgramTests {
    private let word = "s3cr\"e\\t"

    private func target(_ method: PowerProtocol, _ address: String = "10.1.0.9") throws -> PowerTarget {
        PowerTarget(
            node: "n001", address: try #require(BMCAddress(address)), method: method, user: "admin",
            secret: try #require(PowerSecret(word)))
    }

    @Test func noSecretIsAnArgumentOrShows() throws {
        let ipmi = IPMITool.program(try target(.ipmi), "on")
        #expect(!ipmi.arguments.contains { $0.contains("s3cr") } && ipmi.variables["IPMITOOL_PASSWORD"] == word)
        #expect(ipmi.arguments.suffix(3) == ["chassis", "power", "on"] && ipmi.arguments.contains("-E"))
        let redfish = Redfish.program(try target(.redfish), "/redfish/v1/Systems", body: nil, limit: 20)
        #expect(redfish.arguments == ["--disable", "--config", "-"] && redfish.variables.isEmpty)
        #expect(redfish.input.contains(#"user = "admin:s3cr\"e\\t""#))
        #expect(redfish.input.contains(#"url = "https://10.1.0.9/redfish/v1/Systems""#))
        #expect(!redfish.input.contains("insecure"))
        #expect(Redfish.program(try target(.redfishUnverified), "/", body: nil, limit: 1).input.contains("insecure"))
        let target = try target(.ipmi)
        var dumped = ""
        dump(target, to: &dumped)
        for text in ["\(target)", String(reflecting: target), dumped] { #expect(!text.contains("s3cr")) }
    }

    @Test func aSecretIsOneLineOfText() {
        for text in ["", "a\nuser = \"x\"", "a\u{0}", String(repeating: "x", count: 256)] {
            #expect(PowerSecret(text) == nil)
        }
        #expect(PowerSecret("pässwörd ÿ") != nil)
    }

    @Test func readsWhatIpmitoolSays() throws {
        #expect(try IPMITool.state("Chassis Power is on\n") == "on")
        #expect(try IPMITool.state("Chassis Power is off\n") == "off")
        for text in ["", "Chassis Power is", "\u{1b}[2J"] {
            #expect(throws: PowerProblem.self) { try IPMITool.state(text) }
        }
    }

    @Test func readsWhatABMCSays() throws {
        let text = """
            {"PowerState": "PoweringOn", "Actions": {"#ComputerSystem.Reset": {"target": "/redfish/v1/Systems/1/Reset",
            "ResetType@Redfish.AllowableValues": ["On", "ForceOff", "ForceRestart"]}}}
            """
        let system = try Redfish.system(text)
        #expect(system.state == "poweringon" && system.resetPath == "/redfish/v1/Systems/1/Reset")
        #expect(Redfish.resetType(.cycle, allowed: system.allowed) == "ForceRestart")
        #expect(Redfish.resetType(.shutdown, allowed: system.allowed) == nil)
        #expect(Redfish.resetType(.shutdown, allowed: []) == "GracefulShutdown")
        // A BMC that would send us elsewhere.
        let elsewhere =
            ##"{"PowerState":"On","Actions":{"#ComputerSystem.Reset":{"target":"@evil.example/redfish/v1/"}}}"##
        #expect(try Redfish.system(elsewhere).resetPath == nil)
        for text in ["", "[]", "{}", #"{"PowerState":7}"#, "<html>"] {
            #expect(throws: PowerProblem.self) { try Redfish.system(text) }
        }
        let members = { (paths: [String]) in
            let list = paths.map { "{\"@odata.id\":\"\($0)\"}" }.joined(separator: ",")
            return "{\"Members\":[\(list)]}"
        }
        #expect(try Redfish.onlyMember(members(["/redfish/v1/Systems/a"])) == "/redfish/v1/Systems/a")
        for paths in [[], ["//evil.example/x"], ["/redfish/v1/Systems/a", "/redfish/v1/Systems/b"]] {
            #expect(throws: PowerProblem.self) { try Redfish.onlyMember(members(paths)) }
        }
        #expect(Redfish.refusal(500, #"{"error":{"message":"no\u001b[2J"}}"#).contains("no\u{fffd}[2J"))
    }
}
