import BootLab
import CapsuleFormat
import Foundation
import Glibc

/// What one core does in a second.
enum CoreSpeed {
    /// Cutting and hashing chunks of an image that is in memory, on this thread.
    static func ofChunking(_ image: String, rounds: Int) throws -> Figure {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: image)))
        let chunker = Chunker()
        var speeds: [Double] = []
        for _ in 0..<rounds {
            let began = processorSeconds()
            let cuts = chunker.chunks(of: bytes)
            let digests = ContentDigest.hashing(cuts, of: bytes.span)
            let taken = processorSeconds() - began
            speeds.append(digests.count == cuts.count ? Double(bytes.count) / 1e9 / taken : 0)
        }
        return figure("chunk and hash", "at least 1.2 GB/s per core", speeds, atLeast: 1.2)
    }

    /// Verifying and assembling, by the agent itself.
    static func ofAssembling(agent: String, rounds: Int) async throws -> Figure {
        var speeds: [Double] = []
        for _ in 0..<rounds {
            let line = try await Program(agent, ["bench", "1024"]).run()
            let words = line.split(separator: " ")
            guard let unit = words.firstIndex(of: "GB/s"), unit > 0, let speed = Double(words[unit - 1]) else {
                throw LabError.system("\(agent) bench says: \(line)")
            }
            speeds.append(speed)
        }
        return figure("verify and assemble on the node", "at least 1 GB/s of stored bytes per core", speeds, atLeast: 1)
    }

    private static func figure(_ name: String, _ wanted: String, _ speeds: [Double], atLeast least: Double) -> Figure {
        let middle = speeds.sorted()[(speeds.count - 1) / 2]
        return Figure(name: name, wanted: wanted, measured: "\(decimal(middle)) GB/s", isReached: middle >= least)
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
