/// One chunk of a stream, as the index lists it: 48 bytes on the wire.
public struct ChunkEntry: Hashable, Sendable {
    /// SHA-256 of the stored bytes.
    public var id: ContentDigest
    /// Bytes in the bundle.
    public var storedLength: UInt32
    /// Bytes in the stream. Equal to `storedLength`: version 1 stores chunks as they are, since its streams are
    /// compressed already.
    public var rawLength: UInt32
    /// Position of the bundle in the index's table.
    public var bundle: UInt16
    /// Reserved, 0.
    public var flags: UInt16
    /// Where the stored bytes begin in the bundle.
    public var offset: UInt32

    public init(
        id: ContentDigest, storedLength: UInt32, rawLength: UInt32, bundle: UInt16, flags: UInt16 = 0, offset: UInt32
    ) {
        self.id = id
        self.storedLength = storedLength
        self.rawLength = rawLength
        self.bundle = bundle
        self.flags = flags
        self.offset = offset
    }

    /// Whether `stored` are the bytes that this entry names. Nothing that fails here may be written anywhere.
    public func verify(_ stored: RawSpan) -> Bool {
        stored.byteCount == Int(storedLength) && ContentDigest(hashing: stored) == id
    }
}
