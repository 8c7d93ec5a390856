package import CapsuleFormat

/// A read of an image's device, and where in the image it lies.
package struct ImageRead: Hashable, Sendable {
    package let request: NBDRequest
    package let bytes: Range<Int64>
    /// Those that its bytes lie in.
    package let chunks: Range<Int>

    /// Longest read that is answered, in bytes; the kernel's are far shorter.
    private static let limit: UInt32 = 32 << 20

    /// Nil where it is longer than that, or ends where no file does.
    package init?(_ request: NBDRequest, of stream: ChunkedStream) {
        guard request.length <= Self.limit, let start = Int64(exactly: request.offset) else { return nil }
        let (end, isBeyond) = start.addingReportingOverflow(Int64(request.length))
        guard !isBeyond else { return nil }
        self.request = request
        bytes = start..<end
        chunks = stream.chunks(bytes)
    }
}

extension ChunkedStream {
    /// The chunks that some bytes of the stream lie in; none beyond its end.
    package func chunks(_ bytes: Range<Int64>) -> Range<Int> {
        guard bytes.lowerBound < min(bytes.upperBound, size) else { return 0..<0 }
        // The first chunk that begins behind a byte.
        func next(_ byte: Int64) -> Int {
            var range = 0..<offsets.count
            while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
                if offsets[middle] <= byte {
                    range = (middle + 1)..<range.upperBound
                } else {
                    range = range.lowerBound..<middle
                }
            }
            return range.lowerBound
        }
        return max(0, next(bytes.lowerBound) - 1)..<next(min(bytes.upperBound, size) - 1)
    }
}
