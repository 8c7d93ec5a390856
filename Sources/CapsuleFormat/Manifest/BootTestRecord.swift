internal import FoundationEssentials

/// What came of booting a generation in a virtual machine: a signed file apart from the generation, which never
/// changes.
public struct BootTestRecord: Codable, Hashable, Sendable {
    /// One boot.
    public struct Result: Codable, Hashable, Sendable {
        /// `bios`, `uefi`
        public var firmware: String
        /// From power-on; nil where the machine did not get there.
        public var secondsToReady: Double?
        /// Most memory in use on the node while the root was assembled.
        public var peakMemoryBytes: Int64?
        /// Why it was not ready.
        public var failure: String?

        public init(
            firmware: String, secondsToReady: Double? = nil, peakMemoryBytes: Int64? = nil, failure: String? = nil
        ) {
            self.firmware = firmware
            self.secondsToReady = secondsToReady
            self.peakMemoryBytes = peakMemoryBytes
            self.failure = failure
        }
    }

    /// `compute@12`
    public var generation: String
    /// Of the index: the content that was booted.
    public var index: ContentDigest
    /// Seconds since 1970.
    public var tested: Int64
    /// Memory of the virtual machine.
    public var memoryMiB: Int
    public var results: [Result]

    public init(generation: String, index: ContentDigest, tested: Int64, memoryMiB: Int, results: [Result]) {
        self.generation = generation
        self.index = index
        self.tested = tested
        self.memoryMiB = memoryMiB
        self.results = results
    }

    /// Whether every boot got to ready.
    public var hasPassed: Bool { !results.isEmpty && results.allSatisfy { $0.secondsToReady != nil } }
}

extension BootTestRecord {
    /// Longest file in bytes.
    public static let maximumSize = 16 << 10

    private static let magic = "PERSEID-TEST 1"
    private static let domain = Array("perseid capsule test 1\0".utf8)

    /// The record as a file: `PERSEID-TEST 1`, `key KEYID`, `signature BASE64`, an empty line, and JSON up to the end.
    /// - Throws: `ManifestError.signingFailed`.
    public func signed(with key: SigningKey) throws(ManifestError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(self), let signature = key.signature(of: Self.domain + json) else {
            throw .signingFailed
        }
        let text = Data(signature).base64EncodedString()
        return Array("\(Self.magic)\nkey \(key.id)\nsignature \(text)\n\n".utf8) + json
    }

    /// Reads what `signed` wrote.
    /// - Throws: `ManifestError` where it is damaged, or signed by nobody who is trusted.
    public init(_ bytes: [UInt8], trusting keys: TrustedKeys) throws(ManifestError) {
        guard bytes.count <= Self.maximumSize else { throw .tooLarge(bytes: bytes.count, limit: Self.maximumSize) }
        let lines = bytes.split(separator: 0x0A, maxSplits: 4, omittingEmptySubsequences: false)
        guard lines.count == 5, lines[3].isEmpty, lines[0].elementsEqual(Self.magic.utf8),
            let id = Self.value(of: "key", in: lines[1]).flatMap({ KeyID($0) }),
            let signature = Self.value(of: "signature", in: lines[2]).flatMap({ Data(base64Encoded: $0) })
        else { throw .malformed("it is no record of a test") }
        let json = Array(lines[4])
        guard let valid = keys.isValid(signature: Array(signature), of: Self.domain + json, by: id) else {
            throw .untrustedKey(id)
        }
        guard valid else { throw .badSignature(id) }
        guard let record = try? JSONDecoder().decode(BootTestRecord.self, from: Data(json)) else {
            throw .malformed("the signed bytes are not a test record's JSON")
        }
        self = record
    }

    private static func value(of field: String, in line: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: line, as: UTF8.self)
        return text.hasPrefix(field + " ") ? String(text.dropFirst(field.count + 1)) : nil
    }
}
