import BootLab
import Foundation
import Glibc

/// One image cut into chunks, stored, and listed in an index: by casync and by Perseid, in turn.
struct CasyncRace: Sendable {
    struct Row: Hashable, Sendable {
        var name: String
        /// In seconds; the middle one of the runs.
        var wall = 0.0
        var processor = 0.0
        /// Chunks of the image, as the program itself has it.
        var bytes: Int64 = 0
    }

    let image: String
    let size: Int64
    let directory: LabDirectory
    /// This program.
    let generator: String
    let rounds: Int
    let say: @Sendable (String) -> Void

    /// Of casync's chunks, which it cuts with the same three sizes as we do.
    private static let chunkSizes = "65536:262144:1048576"

    /// casync, what zstd alone takes for the same bytes, and Perseid.
    func run() async throws -> [Row] {
        let casync = Program(
            "casync",
            [
                "make", "--store=\(work)/store.castr", "--chunk-size=\(Self.chunkSizes)", "--compression=zstd",
                "\(work)/image.caibx", image,
            ], package: "casync")
        let zstd = Program("zstd", ["-3", "-T1", "-q", "-f", "-o", "\(work)/image.zst", image], package: "zstd")
        let perseid = Program(generator, ["deposit", image, "\(work)/deposit"])
        say("  casync: \(casync.commandLine)")
        say("  zstd: \(zstd.commandLine)")
        say("  perseid: \(perseid.commandLine)")
        var runs: [[Row]] = [[], [], []]
        for _ in 0..<rounds {
            runs[0].append(try await measure("casync", casync))
            runs[1].append(try await measure("zstd -3 alone", zstd))
            runs[2].append(try await measure("perseid", perseid))
        }
        return runs.map { rows in rows.sorted { $0.wall < $1.wall }[(rows.count - 1) / 2] }
    }

    private var work: String { directory.file("race") }

    /// Every run begins with nothing there, with the image in the page cache, and with as much free memory as it will
    /// fill: a virtual machine gives free memory back to its host, and who writes first would wait for it to come again,
    /// which takes longer than the whole of a run.
    private func measure(_ name: String, _ program: Program) async throws -> Row {
        try await Program("rm", ["-rf", "--", work]).run()
        _ = try directory.directory("race")
        try await Program("sync").run()
        try await Program("cmp", ["-s", image, image]).run()
        try await Program("cp", [image, "\(work)/memory"]).run()
        try await Program("rm", ["\(work)/memory"]).run()
        let before = Self.childrenProcessor()
        let began = ContinuousClock.now
        try await program.run()
        let wall = (ContinuousClock.now - began) / Duration.seconds(1)
        return Row(name: name, wall: wall, processor: Self.childrenProcessor() - before, bytes: size)
    }

    /// Processor time of programs that have ended, in seconds (getrusage(2)).
    private static func childrenProcessor() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(truncatingIfNeeded: RUSAGE_CHILDREN.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    static func table(_ rows: [Row]) -> String {
        var lines = ["                seconds   GB/s   CPU seconds   GB per CPU second"]
        for row in rows {
            let gigabytes = Double(row.bytes) / 1e9
            let cells: [(String, Int)] = [
                (decimal(row.wall), 9), (decimal(gigabytes / row.wall), 7), (decimal(row.processor), 14),
                (decimal(gigabytes / row.processor), 20),
            ]
            let name = row.name + String(repeating: " ", count: max(0, 14 - row.name.count))
            lines.append(name + cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined())
        }
        return lines.joined(separator: "\n")
    }

    /// casync compresses what is compressed already and we do not, so what zstd takes alone is taken off its time.
    static func figure(_ rows: [Row]) -> Figure {
        let (casync, zstd, perseid) = (rows[0], rows[1], rows[2])
        let rest = max(casync.wall - zstd.processor, 0)
        return Figure(
            name: "chunks and index of one image", wanted: "at least 5 x casync make without its compression",
            measured: "\(decimal(rest / perseid.wall)) x by the clock, "
                + "\(decimal(max(casync.processor - zstd.processor, 0) / perseid.processor)) x by CPU time; "
                + "with it \(decimal(casync.wall / perseid.wall)) x and "
                + "\(decimal(casync.processor / perseid.processor)) x",
            isReached: rest >= 5 * perseid.wall)
    }
}
