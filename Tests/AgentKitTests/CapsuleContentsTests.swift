import BootProtocols
import CapsuleFormat
import Testing

@testable import AgentKit

@Suite struct CapsuleContentsTests {
    private func capsule(key: SigningKey = SigningKey()) throws -> TestCapsule {
        try TestCapsule("small@2", streams: [(.root, CapsuleTransferTests.Bench.noise(9_000, seed: 3))], key: key)
    }

    private func trust(_ key: SigningKey) throws -> TrustedKeys {
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: key.publicKeyFile)
        return keys
    }

    private func fetch(
        _ name: String, from capsule: TestCapsule, trusting keys: TrustedKeys,
        change: @escaping @Sendable (inout [UInt8], String) -> Void = { _, _ in }
    ) throws -> (CapsuleContents, [String]) {
        let (manifest, index) = (capsule.manifest, capsule.index)
        let server = try LoopbackServer { request in
            let what = request.path.split(separator: "/").last.map(String.init) ?? ""
            var bytes = what == "manifest" ? manifest : index
            change(&bytes, what)
            return .ok(bytes)
        }
        var api = NodeAPI(servers: [server.url], token: "t", limits: NodeAPITests.limits)
        let contents = try CapsuleContents.fetch(name, through: &api, trusting: keys)
        return (contents, server.requests.map(\.path))
    }

    @Test func verifiesManifestAndIndex() throws {
        let capsule = try capsule()
        let (contents, paths) = try fetch("small@2", from: capsule, trusting: try trust(capsule.key))
        #expect(contents.index == capsule.decodedIndex)
        #expect(paths == ["/node/v1/capsules/small@2/manifest", "/node/v1/capsules/small@2/index"])
        #expect(try contents.streams([.root]).count == 1)
        #expect(throws: CapsuleProblem.noStream("small@2", .kernel)) { try contents.streams([.kernel]) }
    }

    @Test func refusesAnotherKeyBeforeItAsksForMore() throws {
        let capsule = try capsule()
        let error = #expect(throws: CapsuleProblem.self) {
            try fetch("small@2", from: capsule, trusting: try trust(SigningKey()))
        }
        #expect(error == .manifest("small@2", .untrustedKey(capsule.key.id)))
    }

    @Test func refusesAChangedManifestAndAChangedIndex() throws {
        let capsule = try capsule()
        let keys = try trust(capsule.key)
        for part in ["manifest", "index"] {
            #expect(throws: CapsuleProblem.self) {
                try fetch("small@2", from: capsule, trusting: keys) { bytes, what in
                    if what == part { bytes[bytes.count - 2] ^= 1 }
                }
            }
        }
    }

    @Test func refusesAnotherGenerationAndANameThatIsNone() throws {
        let capsule = try capsule()
        let keys = try trust(capsule.key)
        #expect(throws: CapsuleProblem.self) { try fetch("small@3", from: capsule, trusting: keys) }
        #expect(throws: CapsuleProblem.badName("small")) { try fetch("small", from: capsule, trusting: keys) }
        #expect(throws: CapsuleProblem.badName("../x@1")) { try fetch("../x@1", from: capsule, trusting: keys) }
    }
}
