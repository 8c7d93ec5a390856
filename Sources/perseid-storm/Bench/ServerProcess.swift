import Foundation

/// What the kernel says of a running server, found by its name among the lab's own processes.
struct ServerProcess {
    let identifier: Int

    init?(named name: String) {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let found = all.compactMap(Int.init).first { identifier in
            let comm = try? String(contentsOfFile: "/proc/\(identifier)/comm", encoding: .utf8)
            return comm == name + "\n"
        }
        guard let found else { return nil }
        identifier = found
    }

    /// Processor time of all its threads so far, in seconds.
    var processorSeconds: Double { processorTime(0..<2) }

    /// The same with the processes that it started and that have ended.
    var processorSecondsWithChildren: Double { processorTime(0..<4) }

    /// The sum of some of utime, stime, cutime and cstime: proc(5), fields 14 to 17 of stat, in 1/100 s.
    private func processorTime(_ range: Range<Int>) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
        // The name in parentheses may have spaces.
        guard let end = text.lastIndex(of: ")") else { return 0 }
        let times = text[end...].split(separator: " ").dropFirst(12).prefix(4).compactMap { Double($0) }
        return times.count == 4 ? times[range].reduce(0, +) / 100 : 0
    }

    /// Resident memory in MB (10^6 bytes).
    var memory: Double {
        let text = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }) else { return 0 }
        let digits = String(line.filter(\.isNumber))
        return (Double(digits) ?? 0) * 1024 / 1e6
    }
}

extension ServerProcess {
    /// All of that name: a server may have workers.
    static func all(named name: String) -> [ServerProcess] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap(Int.init).filter { identifier in
            (try? String(contentsOfFile: "/proc/\(identifier)/comm", encoding: .utf8)) == name + "\n"
        }.map(ServerProcess.init(identifier:))
    }

    private init(identifier: Int) { self.identifier = identifier }
}
