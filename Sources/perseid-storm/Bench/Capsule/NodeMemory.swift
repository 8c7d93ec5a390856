import BootLab
import CapsuleFormat
import CapsuleStore
import Foundation

/// What a node takes of memory while it assembles a capsule: a boot in a virtual machine, and what its agent saw.
struct NodeMemory: Sendable {
    let perseid: String
    let agent: String

    private static let room: Int64 = 64 << 20

    func figure(_ capsules: PackageCapsules) async throws -> Figure {
        let timeline = try await Program(
            perseid,
            [
                "lab", "boot", "--state", capsules.state, "--agent", agent, "--capsule", "\(PackageCapsules.name)@2",
                "--handoff", "kexec", "--memory", "4096",
            ]
        ).run()
        guard let line = timeline.split(separator: "\n").first(where: { $0.contains(" assembled ") }),
            let peak = Self.mebibytes(after: "memory peak ", in: line),
            let before = Self.mebibytes(after: "memory peak \(peak) MiB, ", in: line)
        else { throw LabError.system("the timeline does not tell of the memory:\n\(timeline)") }
        guard let generation = CapsuleGeneration("\(PackageCapsules.name)@2") else {
            throw LabError.system("no generation")
        }
        let manifest = try CapsuleStore(at: capsules.state).manifest(of: generation)
        let stored = [StreamRole.root, .modules].reduce(Int64(0)) { $0 + (manifest.stream($1)?.size ?? 0) }
        let taken = (peak - before) << 20
        return Figure(
            name: "memory of a node until the mount", wanted: "at most what is stored, and 64 MiB",
            measured: "\(taken >> 20) MiB for images of \(stored >> 20) MiB (\((taken - stored) >> 20) MiB more)",
            isReached: taken <= stored + Self.room)
    }

    private static func mebibytes(after words: String, in line: Substring) -> Int64? {
        guard let end = line.range(of: words)?.upperBound else { return nil }
        return Int64(line[end...].prefix { $0.isNumber })
    }
}
