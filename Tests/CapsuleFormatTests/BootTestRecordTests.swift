import Testing

@testable import CapsuleFormat

@Suite struct BootTestRecordTests {
    private func record(_ results: [BootTestRecord.Result]) -> BootTestRecord {
        BootTestRecord(
            generation: "small@1", index: ContentDigest(hashing: [1]), tested: 1_795_365_998, memoryMiB: 2048,
            results: results)
    }

    @Test func comesBackAsItWasSigned() throws {
        let key = SigningKey()
        var keys = TrustedKeys()
        try keys.add(publicKeyFile: key.publicKeyFile)
        let record = record([.init(firmware: "bios", secondsToReady: 6.9, peakMemoryBytes: 1 << 20)])
        let bytes = try record.signed(with: key)
        #expect(try BootTestRecord(bytes, trusting: keys) == record)
        #expect(throws: ManifestError.self) { try BootTestRecord(bytes, trusting: TrustedKeys()) }
        for position in bytes.indices.dropFirst(150) {
            var damaged = bytes
            damaged[position] ^= 1
            #expect(throws: ManifestError.self) { try BootTestRecord(damaged, trusting: keys) }
        }
        for length in [0, 1, 20, bytes.count - 1] {
            #expect(throws: ManifestError.self) { try BootTestRecord(Array(bytes.prefix(length)), trusting: keys) }
        }
    }

    @Test func passesOnlyIfEveryBootDid() {
        let good = BootTestRecord.Result(firmware: "bios", secondsToReady: 6.9)
        let bad = BootTestRecord.Result(firmware: "uefi", failure: "not ready after 300 s")
        #expect(record([good]).hasPassed)
        #expect(!record([good, bad]).hasPassed)
        #expect(!record([]).hasPassed)
    }
}
