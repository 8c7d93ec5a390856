import FuzzHarness

@testable import CapsuleFormat

// Capsule indexes on arbitrary bytes, and what a node does with one that reads: plan its requests, check their bodies.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        [0, 1, 3].compactMap { count in
            let bundle = CapsuleIndex.Bundle(id: .zero, size: 4096)
            let chunks = (0..<count).map {
                ChunkEntry(id: .zero, storedLength: 100, rawLength: 100, bundle: 0, offset: UInt32($0) * 150)
            }
            let index = try? CapsuleIndex(streams: [(.root, chunks), (.kernel, chunks)], bundles: [bundle, bundle])
            return index?.encoded()
        }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        do throws(IndexError) {
            check(try CapsuleIndex(decoding: bytes))
        } catch {
            require(!error.description.isEmpty, "an error without words")
        }
    }
}

private func check(_ index: CapsuleIndex) {
    require((try? CapsuleIndex(decoding: index.encoded())) == index, "\(index) does not read back")
    for role in StreamRole.allCases {
        guard let stream = ChunkedStream(role, of: index) else { continue }
        require(stream.chunks.reduce(0) { $0 + Int64($1.rawLength) } == stream.size, "\(role) has another size")
        checkPlan(of: stream)
    }
}

/// Every chunk is asked for exactly once, within its bundle, in requests of a size that a node can hold.
private func checkPlan(of stream: ChunkedStream) {
    var present = ChunkBitmap(count: stream.chunks.count)
    present.insert(1)
    let planner = FetchPlanner(maximumGap: 64, maximumLength: 1024)
    let ranges = planner.plan(stream, present: present)
    let asked = ranges.flatMap(\.chunks).sorted()
    require(asked == present.missing, "asked for \(asked) of the missing \(present.missing)")
    for range in ranges {
        let sizes = stream.bundles.filter { $0.id == range.bundle }.map { Int($0.size) }
        require(range.length > 0, "an empty request")
        require(sizes.contains { Int(range.offset) + range.length <= $0 }, "\(range) is outside its bundle")
        require(range.length <= 1024 || range.chunks.contains { covers(range, stream.chunks[$0]) }, "\(range) is long")
        require(!range.header.isEmpty, "a request without words")
        let body = [UInt8](repeating: 0, count: min(range.length, 4096))
        for case .verified(let chunk, let offset, let bytes) in stream.outcomes(of: range, body: body) {
            require(bytes.upperBound <= body.count && offset >= 0 && offset < stream.size, "\(chunk) is at \(bytes)")
        }
    }
}

private func covers(_ range: FetchRange, _ chunk: ChunkEntry) -> Bool {
    chunk.offset == range.offset && Int(chunk.storedLength) == range.length
}
