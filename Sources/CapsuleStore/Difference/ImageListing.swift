/// The files of a squashfs image, as `unsquashfs -lln` lists them.
struct ImageListing: Hashable {
    /// Everything that is said of a file, by its path.
    private var entries: [String: String] = [:]

    static let empty = ImageListing("")

    /// Reads lines such as `-rwxr-xr-x 0/0 84 2026-01-01 10:00 /bin/tool`, of a device `crw-r--r-- 0/0 1,  3 …`.
    /// What is no such line, the second half of a name with a newline in it, is passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            guard let kind = line.first, "-dlbcps".contains(kind) else { continue }
            var rest = line
            var fields: [Substring] = []
            let count = kind == "b" || kind == "c" ? 6 : 5
            while fields.count < count {
                rest = rest.drop { $0 == " " }
                let field = rest.prefix { $0 != " " }
                guard !field.isEmpty else { break }
                fields.append(field)
                rest = rest.dropFirst(field.count)
            }
            guard fields.count == count, rest.hasPrefix(" /") else { continue }
            // A directory's size and time change with every name in it.
            let said = kind == "d" ? fields.prefix(2) : fields[...]
            let (path, target) = Self.split(rest.dropFirst(), isLink: kind == "l")
            entries[path] = said.joined(separator: " ") + target
        }
    }

    private static func split(_ name: Substring, isLink: Bool) -> (path: String, target: String) {
        guard isLink, let arrow = name.firstRange(of: " -> ") else { return (String(name), "") }
        return (String(name[..<arrow.lowerBound]), String(name[arrow.lowerBound...]))
    }

    mutating func add(_ other: ImageListing) {
        entries.merge(other.entries) { $1 }
    }

    func changes(to new: ImageListing) -> CapsuleDifference.Names {
        var names = CapsuleDifference.Names()
        for (path, entry) in new.entries {
            if let before = entries[path] {
                if before != entry { names.changed.append(path) }
            } else {
                names.added.append(path)
            }
        }
        names.removed = entries.keys.filter { new.entries[$0] == nil }.sorted()
        names.added.sort()
        names.changed.sort()
        return names
    }
}

/// dpkg's database of what is installed (`/var/lib/dpkg/status`).
enum PackageStatus {
    /// Versions by name, `libc6:amd64`, of the packages that are installed.
    static func versions(_ text: String) -> [String: String] {
        var versions: [String: String] = [:]
        var fields: [Substring: Substring] = [:]
        for line in "\(text)\n\n".split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if let name = fields["Package"], let version = fields["Version"],
                    fields["Status"]?.hasSuffix(" installed") == true
                {
                    versions["\(name):\(fields["Architecture"] ?? "all")"] = String(version)
                }
                fields = [:]
            } else if line.first != " ", let colon = line.firstIndex(of: ":") {
                fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
            }
        }
        return versions
    }
}

/// rpm's database of what is installed, as `rpm -qa` lists it.
enum RPMPackages {
    static let format = "%{NAME}\\t%{EVR}\\t%{ARCH}\\n"

    /// Versions by name, `glibc.x86_64`; of a package that is there in several, kernels above all, each is named.
    static func versions(_ text: String) -> [String: String] {
        var all: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            // Keys of repositories stand among the packages, and are of no architecture.
            guard fields.count == 3, fields[2] != "(none)" else { continue }
            all["\(fields[0]).\(fields[2])", default: []].append(String(fields[1]))
        }
        return all.mapValues { $0.sorted().joined(separator: ", ") }
    }
}
