internal import CapsuleFormat
internal import Glibc
package import PacketIO

/// How fast this machine verifies and assembles what it fetched, without a network: the work of a connection after its
/// bytes came.
package enum AssemblyBench {
    /// Verifies and writes `mebibytes` of chunks to a file in memory, on one thread.
    /// - Returns: a line for people that ends in the figure, `1.52 GB/s per core`.
    package static func run(mebibytes: Int) throws(SystemError) -> String {
        let wanted = max(64, min(mebibytes, 64 << 10))
        let source = makeSource()
        guard let stream = makeStream(source, repeats: wanted / 64) else {
            throw SystemError(call: "bench", code: EINVAL, context: "\(mebibytes) MiB")
        }
        let ranges = FetchPlanner(maximumLength: 2 << 20).plan(stream, chunks: Array(stream.chunks.indices))
        let bodies = ranges.map { range in
            Array(source[Int(range.offset)..<Int(range.offset) + range.length])
        }
        let file = try Kexec.memoryFile("bench")
        let (cpu, wall) = (processorNanoseconds(), BootClock.milliseconds())
        var written: Int64 = 0
        for (range, body) in zip(ranges, bodies) {
            for case .verified(_, let offset, let bytes) in stream.outcomes(of: range, body: body) {
                try file.write(body[bytes], at: offset)
                written += Int64(bytes.count)
            }
        }
        let taken = max(1, processorNanoseconds() - cpu)
        let rate = written * 100 / taken
        let digits = String(100 + rate % 100).dropFirst()
        return "verified and assembled \(megabytes(written)) in \(seconds(BootClock.milliseconds() - wall)),"
            + " \(seconds(taken / 1_000_000)) of processor: \(rate / 100).\(digits) GB/s per core"
    }

    private static let sourceSize = 64 << 20
    private static let chunkSize = 256 << 10

    /// Bytes without a pattern, as those of a compressed image.
    private static func makeSource() -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return [UInt8](unsafeUninitializedCapacity: sourceSize) { buffer, count in
            for place in stride(from: 0, to: sourceSize, by: 8) {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: place, as: UInt64.self)
            }
            count = sourceSize
        }
    }

    /// A stream in which the source comes several times: more bytes than have to be made.
    private static func makeStream(_ source: [UInt8], repeats: Int) -> ChunkedStream? {
        let once = stride(from: 0, to: source.count, by: chunkSize).map { start in
            ChunkEntry(
                id: ContentDigest(hashing: Array(source[start..<start + chunkSize])), storedLength: UInt32(chunkSize),
                rawLength: UInt32(chunkSize), bundle: 0, offset: UInt32(truncatingIfNeeded: start))
        }
        let bundle = CapsuleIndex.Bundle(
            id: ContentDigest(hashing: source), size: UInt32(truncatingIfNeeded: source.count))
        let chunks = (0..<repeats).flatMap { _ in once }
        return (try? CapsuleIndex(streams: [(.root, chunks)], bundles: [bundle])).flatMap {
            ChunkedStream(.root, of: $0)
        }
    }

    private static func processorNanoseconds() -> Int64 {
        var time = timespec()
        // Fails only for a clock that does not exist.
        _ = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
