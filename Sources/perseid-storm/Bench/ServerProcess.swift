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

    /// Processor time of all its threads so far, in seconds: utime and stime of proc(5), stat, in 1/100 s.
    var processorSeconds: Double {
        let text = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
        // The name in parentheses may have spaces.
        guard let end = text.lastIndex(of: ")") else { return 0 }
        return text[end...].split(separator: " ").dropFirst(12).prefix(2).compactMap { Double($0) }.reduce(0, +) / 100
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
