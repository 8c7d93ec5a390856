import Foundation
import Glibc

/// Processor time of a server and of every process that it starts, whether it waits for them or not: tftpd-hpa forks
/// one for each client and ignores how they end, so that proc(5) knows nothing of them afterwards.
///
/// A control group of its own (cgroups(7), version 2): `cpu.stat` is there without any controller, in microseconds.
final class ProcessorAccount: Sendable {
    private let group: String
    private let root: String

    /// Has the processes that are called `server` and what they start counted from now on. Nil where the kernel has
    /// no control groups of version 2, or this program may not make one.
    init?(of server: ServerProcess) {
        guard let root = Self.mounted else { return nil }
        self.root = root
        group = "\(root)/perseid-storm-\(server.identifier)-\(UInt32.random(in: 0 ... .max))"
        do {
            try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: false)
            try Data("\(server.identifier)\n".utf8).write(to: URL(fileURLWithPath: group + "/cgroup.procs"))
        } catch {
            rmdir(group)
            return nil
        }
    }

    /// Seconds so far.
    var seconds: Double {
        let text = (try? String(contentsOfFile: group + "/cpu.stat", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("usage_usec ") }
        return (line?.split(separator: " ").last.flatMap { Double($0) } ?? 0) / 1e6
    }

    deinit {
        // A group with processes in it cannot be removed.
        let left = (try? String(contentsOfFile: group + "/cgroup.procs", encoding: .utf8)) ?? ""
        for process in left.split(separator: "\n") {
            try? Data("\(process)\n".utf8).write(to: URL(fileURLWithPath: root + "/cgroup.procs"))
        }
        rmdir(group)
    }

    private static var mounted: String? {
        let text = (try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)) ?? ""
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 2, words[2] == "cgroup2" { return String(words[1]) }
        }
        return nil
    }
}
