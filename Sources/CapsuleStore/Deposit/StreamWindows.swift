internal import CapsuleFormat
internal import Synchronization

/// Reads a stream in windows that end with a chunk, into buffers that are used again.
final class StreamWindows: Sendable {
    /// A stretch of the stream, whole chunks from its first byte on.
    struct Window: Sendable {
        fileprivate(set) var bytes: [UInt8]
        /// Where its chunks lie in `bytes`.
        fileprivate(set) var cuts: [Range<Int>]
        /// Bytes of the stream that are in `bytes`: behind the last chunk the beginning of the next window.
        fileprivate var filled: Int
        fileprivate var isLast: Bool

        /// Bytes in its chunks.
        var size: Int { cuts.last?.upperBound ?? 0 }
    }

    /// Bytes of a window: long enough that threads seldom wait for one another, short enough that the first window,
    /// which is read while nothing else can be done, and the last one, which is written so, cost little.
    private static let size = 4 << 20

    private let file: Mutex<OpenFile>
    private let chunker: Chunker
    private let spare = Mutex<[[UInt8]]>([])

    /// - Parameter path: the stream.
    init(_ path: String, chunker: Chunker) throws(StoreError) {
        file = Mutex(try OpenFile.reading(path))
        self.chunker = chunker
    }

    /// The window behind `previous`, the first one for nil.
    /// - Returns: nil at the end of the stream.
    func next(after previous: Window?) throws(StoreError) -> Window? {
        if let previous, previous.isLast { return nil }
        var bytes = spare.withLock { $0.popLast() } ?? [UInt8](repeating: 0, count: length)
        var filled = 0
        if let previous {
            let rest = previous.size..<previous.filled
            bytes.withUnsafeMutableBufferPointer { bytes in
                previous.bytes.withUnsafeBufferPointer { old in
                    _ = bytes[..<rest.count].update(fromContentsOf: old[rest])
                }
            }
            filled = rest.count
        }
        var isLast = false
        while !isLast, filled < bytes.count {
            let count = try file.withLock { (file) throws(StoreError) in try file.read(into: &bytes, from: filled) }
            filled += count
            isLast = count == 0
        }
        if filled == 0 { return nil }
        return Window(bytes: bytes, cuts: cuts(of: bytes, filled, isLast), filled: filled, isLast: isLast)
    }

    /// Takes back the buffer of a window that nobody uses any more.
    func recycle(_ window: consuming Window) {
        let bytes = window.bytes
        spare.withLock { $0.append(bytes) }
    }

    private var length: Int { max(Self.size, 2 * chunker.parameters.maximum) }

    /// The chunks that the first `filled` bytes hold whole.
    private func cuts(of bytes: [UInt8], _ filled: Int, _ isLast: Bool) -> [Range<Int>] {
        var cuts: [Range<Int>] = []
        var start = 0
        while start < filled, isLast || filled - start >= chunker.parameters.maximum {
            let length = chunker.firstChunkLength(bytes.span.extracting(start..<filled))
            cuts.append(start..<(start + length))
            start += length
        }
        return cuts
    }
}
