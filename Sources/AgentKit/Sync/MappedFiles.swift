/// The files that running programs have in their memory: their code, their libraries (proc(5), /proc/PID/maps).
package enum MappedFiles {
    /// Of all processes, this one aside.
    package static func now() -> Set<String> {
        var found: Set<String> = []
        let own = "self"
        for name in SmallFile.names(in: "/proc") where name != own && name.allSatisfy(\.isNumber) {
            guard let bytes = try? SmallFile.read("/proc/\(name)/maps", limit: 16 << 20) else { continue }
            found.formUnion(paths(in: String(decoding: bytes, as: UTF8.self)))
        }
        return found
    }

    /// The paths in one process's list: what begins with a slash behind the five columns.
    package static func paths(in maps: String) -> Set<String> {
        var found: Set<String> = []
        for line in maps.split(separator: "\n") {
            guard let slash = line.firstIndex(of: "/") else { continue }
            let path = line[slash...]
            found.insert(String(path.hasSuffix(" (deleted)") ? path.dropLast(10) : path))
        }
        return found
    }
}
