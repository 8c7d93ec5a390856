import BootLab
import CapsuleFormat
import CapsuleStore
import Foundation

/// The pair as capsules: `pair@1` of the older root, `pair@2` of the newer one, `pair@3` of that once more.
struct PackageCapsules: Sendable {
    let perseid: String
    /// A state for the bench alone.
    let state: String
    let say: @Sendable (String) -> Void

    static let name = "pair"

    /// Builds the generations that are missing.
    func make(_ roots: PackagePair.Roots) async throws {
        for (number, root) in [roots.old, roots.new, roots.new].enumerated() {
            guard !FileManager.default.fileExists(atPath: "\(state)/capsules/\(Self.name)/generations/\(number + 1)")
            else { continue }
            say("  building \(Self.name)@\(number + 1) of \(root)")
            let words = ["capsule", "build", Self.name, "--source", root, "--state", state]
            say("  " + (try await Program(perseid, words).run().split(separator: "\n").last.map(String.init) ?? ""))
        }
    }

    /// The newer root's image as a file, put together once from the store.
    func image(in directory: LabDirectory) throws -> (path: String, size: Int64) {
        let store = try CapsuleStore(at: state)
        guard let stream = ChunkedStream(.root, of: try store.index(of: try generation(2))) else {
            throw LabError.system("\(Self.name)@2 has no root")
        }
        let path = directory.file("image.squashfs")
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.size] as? Int64 != stream.size else { return (path, stream.size) }
        try Data().write(to: URL(fileURLWithPath: path))
        let image = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        for (chunk, offset) in zip(stream.chunks, stream.offsets) {
            let bundle = try FileHandle(
                forReadingFrom: URL(fileURLWithPath: store.bundlePath(stream.bundles[Int(chunk.bundle)].id)))
            try bundle.seek(toOffset: UInt64(chunk.offset))
            let bytes = Array(try bundle.read(upToCount: Int(chunk.storedLength)) ?? Data())
            guard chunk.verify(bytes.span.bytes) else { throw LabError.system("chunk \(chunk.id) is damaged") }
            try image.seek(toOffset: UInt64(offset))
            try image.write(contentsOf: bytes)
        }
        return (path, stream.size)
    }

    /// What a node that has one generation fetches of the next, by the agent's own planning of its requests.
    func differences(_ packages: (all: Int, changed: Int)) async throws -> [Figure] {
        let store = try CapsuleStore(at: state)
        let (old, new, again) = try (index(1, store), index(2, store), index(3, store))
        let whole = new.streams.reduce(Int64(0)) { $0 + $1.size }
        let update = Self.fetched(new, having: old, [.root, .modules, .kernel, .initramfs])
        let root = Self.fetched(new, having: old, [.root])
        let nothing = Self.fetched(again, having: new, [.root, .modules, .kernel, .initramfs])
        let share = Double(packages.changed) / Double(max(1, packages.all))
        say(
            "  \(packages.changed) of \(packages.all) packages changed (\(decimal(share * 100)) %): of "
                + "\(megabytes(whole)) the node fetches \(megabytes(update.bytes)) in \(update.chunks) chunks, "
                + "\(megabytes(root.bytes)) of them of the root of \(megabytes(new.stream(.root)?.size ?? 0))")
        return [
            Figure(
                name: "re-build after updates",
                wanted: "at most 220 MB of 559 MB (39.4 %) fetched, 48 of 422 packages changed",
                measured: "\(megabytes(update.bytes)) of \(megabytes(whole)) "
                    + "(\(decimal(Double(update.bytes) * 100 / Double(whole))) %), "
                    + "\(packages.changed) of \(packages.all) packages changed",
                isReached: Double(update.bytes) * 559 <= Double(whole) * 220 && update.bytes <= 220_000_000),
            Figure(
                name: "re-build without a change", wanted: "0 chunks fetched", measured: "\(nothing.chunks) chunks",
                isReached: nothing.chunks == 0),
        ]
    }

    private func generation(_ number: Int) throws -> CapsuleGeneration {
        guard let generation = CapsuleGeneration("\(Self.name)@\(number)") else {
            throw LabError.system("no generation \(number)")
        }
        return generation
    }

    private func index(_ number: Int, _ store: CapsuleStore) throws -> CapsuleIndex {
        try store.index(of: try generation(number))
    }

    /// Bytes on the wire, gaps that are read over among them, and chunks.
    private static func fetched(
        _ new: CapsuleIndex, having old: CapsuleIndex, _ roles: [StreamRole]
    ) -> (bytes: Int64, chunks: Int) {
        let known = Set(old.chunks.map(\.id))
        var (bytes, chunks): (Int64, Int) = (0, 0)
        for role in roles {
            guard let stream = ChunkedStream(role, of: new) else { continue }
            let missing = stream.chunks.indices.filter { !known.contains(stream.chunks[$0].id) }
            chunks += missing.count
            bytes += FetchPlanner(maximumLength: 2 << 20).plan(stream, chunks: missing).reduce(0) {
                $0 + Int64($1.length)
            }
        }
        return (bytes, chunks)
    }
}
