internal import BootProtocols
internal import PacketIO

/// A file on its way to clients: bytes that all its transfers share.
final class TFTPVolume {
    private enum Bytes {
        case file(MappedFile)
        case memory([UInt8])
    }

    private let bytes: Bytes
    /// Microseconds.
    private var nextLook = Int64.min
    private static let interval: Int64 = 10_000

    init(_ file: MappedFile) { bytes = .file(file) }
    init(_ memory: [UInt8]) { bytes = .memory(memory) }

    var size: Int {
        switch bytes {
        case .file(let file): file.size
        case .memory(let bytes): bytes.count
        }
    }

    /// The file is not what it was when its transfers began. Looked at for the last block, without which no client has
    /// the file, and before that now and then, to spare the clients of a file that has changed the rest of it.
    func hasChanged(at now: Int64, isLast: Bool) -> Bool {
        guard case .file(let file) = bytes, isLast || now >= nextLook else { return false }
        nextLook = now + Self.interval
        return file.hasChanged
    }

    /// Hands `range`, which is within the file, to a body that reads it by system calls alone.
    func withBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        switch bytes {
        case .file(let file):
            return try body(file.bytes(range))
        case .memory(let bytes):
            let result = bytes.withUnsafeBytes { all in
                Swift.Result { () throws(SystemError) -> Result in
                    try body(UnsafeRawBufferPointer(rebasing: all[range.clamped(to: 0..<all.count)]))
                }
            }
            return try result.get()
        }
    }
}

/// The files that are being sent, each once however many clients get it.
struct TFTPShelf {
    /// Text is translated in memory: what is larger is no text.
    static let largestText = 1 << 20

    private struct Key: Hashable {
        var file: MappedFile.Identity
        var mode: TFTPRequest.Mode
    }

    private struct Entry {
        weak var volume: TFTPVolume?
    }

    private var entries: [Key: Entry] = [:]

    /// What is sent of `source` in `mode`.
    mutating func volume(_ source: TFTPSource, _ mode: TFTPRequest.Mode) throws(TFTPRefusal) -> TFTPVolume {
        switch source {
        case .bytes(let bytes): return TFTPVolume(mode == .netascii ? Netascii.encode(bytes) : bytes)
        case .file(let file):
            do throws(SystemError) {
                let key = Key(file: try MappedFile.Identity(of: file), mode: mode)
                if let known = entries[key]?.volume { return known }
                let volume = try Self.open(file, mode)
                if entries.count >= 64 { entries = entries.filter { $0.value.volume != nil } }
                entries[key] = Entry(volume: volume)
                return volume
            } catch {
                throw TFTPRefusal(.notDefined, error.reason)
            }
        }
    }

    private static func open(_ file: ReadOnlyFile, _ mode: TFTPRequest.Mode) throws(SystemError) -> TFTPVolume {
        guard mode == .netascii else { return TFTPVolume(try MappedFile(file)) }
        return TFTPVolume(Netascii.encode(try file.contents(limit: largestText)))
    }
}
