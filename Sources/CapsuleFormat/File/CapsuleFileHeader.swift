/// The first bytes of a `.capsule` file: one generation that travels, whole.
///
/// Little-endian, nothing between the parts and nothing after them:
///
/// | part | bytes |
/// |---|---|
/// | header | magic `PERSEIDF` 8, version 2, reserved 2, length of the manifest 4, length of the index 4, reserved 4 |
/// | manifest | the signed envelope, as it is served (`SignedManifest`) |
/// | index | as it is served (`CapsuleIndex`) |
/// | chunks | the stored bytes of each chunk of the index once, in the order of `DistinctChunks` |
///
/// The signature pins the index and the index pins every chunk and the order of the chunks, so that no further checksum
/// is needed, and none could be believed.
public struct CapsuleFileHeader: Hashable, Sendable {
    static let magic: [UInt8] = Array("PERSEIDF".utf8)
    static let version: UInt16 = 1
    /// In bytes.
    public static let size = 24

    /// In bytes.
    public let manifestLength: Int
    /// In bytes.
    public let indexLength: Int

    /// - Throws: `.tooLarge`.
    public init(manifestLength: Int, indexLength: Int) throws(CapsuleFileError) {
        try self.init(
            manifest: UInt32(clamping: manifestLength), index: UInt32(clamping: indexLength))
    }

    /// - Throws: `.notACapsule`, `.newerFormat`, `.tooLarge`.
    public init(decoding bytes: [UInt8]) throws(CapsuleFileError) {
        var reader = LittleEndianReader(bytes)
        guard bytes.count == Self.size, reader.bytes(Self.magic.count).map(Array.init) == Self.magic,
            let version = reader.uint16(), let reserved = reader.uint16(), let manifest = reader.uint32(),
            let index = reader.uint32(), let more = reader.uint32()
        else { throw .notACapsule }
        guard version == Self.version, reserved == 0, more == 0 else { throw .newerFormat(version: version) }
        try self.init(manifest: manifest, index: index)
    }

    private init(manifest: UInt32, index: UInt32) throws(CapsuleFileError) {
        guard manifest <= UInt32(SignedManifest.maximumSize) else {
            throw .tooLarge(part: "manifest", bytes: manifest, limit: SignedManifest.maximumSize)
        }
        guard index <= UInt32(CapsuleIndex.maximumSize) else {
            throw .tooLarge(part: "index", bytes: index, limit: CapsuleIndex.maximumSize)
        }
        manifestLength = Int(manifest)
        indexLength = Int(index)
    }

    public func encoded() -> [UInt8] {
        var writer = LittleEndianWriter()
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(UInt16(0))
        writer.append(UInt32(truncatingIfNeeded: manifestLength))
        writer.append(UInt32(truncatingIfNeeded: indexLength))
        writer.append(UInt32(0))
        return writer.bytes
    }
}
