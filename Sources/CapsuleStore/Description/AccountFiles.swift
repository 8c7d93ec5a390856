/// passwd(5), group(5), shadow(5) and gshadow(5) of a root: lines of fields between colons. Lines that are not touched
/// stay as they are.
struct AccountFiles: Hashable {
    private(set) var passwd: [[String]]
    private(set) var group: [[String]]
    private(set) var shadow: [[String]]
    /// Empty where the root has none.
    private(set) var gshadow: [[String]]

    /// The day of a password's last change, in days since 1970: a fixed one, so that two builds are alike, and not 0,
    /// which asks for a new password at once. The day Debian 12 came out.
    private static let day = "19518"

    init(passwd: String, group: String, shadow: String, gshadow: String?) {
        func lines(_ text: String) -> [[String]] {
            text.split(separator: "\n").map {
                $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            }
        }
        self.passwd = lines(passwd)
        self.group = lines(group)
        self.shadow = lines(shadow)
        self.gshadow = gshadow.map(lines) ?? []
        hasGshadow = gshadow != nil
    }

    let hasGshadow: Bool

    static func text(_ lines: [[String]]) -> String { lines.map { $0.joined(separator: ":") + "\n" }.joined() }

    struct Fault: Error, Hashable {
        let words: String
    }

    func user(_ name: String) -> (id: UInt32, group: UInt32, home: String)? {
        guard let line = passwd.first(where: { $0.first == name }), line.count >= 7, let id = UInt32(line[2]),
            let group = UInt32(line[3])
        else { return nil }
        return (id, group, line[5])
    }

    /// The number of a user; a number stands for itself.
    func userID(_ name: String) throws(Fault) -> UInt32 {
        if let id = user(name)?.id ?? AccountName.id(name) { return id }
        throw Fault(words: "the root has no user '\(name)'")
    }

    func groupID(_ name: String) throws(Fault) -> UInt32 {
        let line = group.first { $0.first == name && $0.count >= 3 }
        if let id = line.flatMap({ UInt32($0[2]) }) ?? AccountName.id(name) { return id }
        throw Fault(words: "the root has no group '\(name)'")
    }

    mutating func add(_ new: CapsuleDescription.Group) throws(Fault) {
        if let index = group.firstIndex(where: { $0.first == new.name && $0.count >= 4 }) {
            if let id = new.id, group[index][2] != "\(id)" {
                throw Fault(words: "the root has the group '\(new.name)' with another number, \(group[index][2])")
            }
            return
        }
        let id = if let id = new.id { id } else { try free() }
        if let other = group.first(where: { $0.count >= 3 && $0[2] == "\(id)" })?.first {
            throw Fault(words: "the group '\(new.name)' would have the number \(id), which '\(other)' has")
        }
        group.append([new.name, "x", "\(id)", ""])
        if hasGshadow { gshadow.append([new.name, "!", "", ""]) }
    }

    mutating func add(_ new: CapsuleDescription.User) throws(Fault) {
        if let index = passwd.firstIndex(where: { $0.first == new.name && $0.count >= 7 }) {
            if let id = new.id, passwd[index][2] != "\(id)" {
                throw Fault(words: "the root has the user '\(new.name)' with another number, \(passwd[index][2])")
            }
            if let home = new.home { passwd[index][5] = home }
            if let shell = new.shell { passwd[index][6] = shell }
            if let name = new.group { passwd[index][3] = "\(try groupID(name))" }
        } else {
            let id = if let id = new.id { id } else { try free() }
            if let other = passwd.first(where: { $0.count >= 3 && $0[2] == "\(id)" })?.first {
                throw Fault(words: "the user '\(new.name)' would have the number \(id), which '\(other)' has")
            }
            if new.group == nil { try add(CapsuleDescription.Group(name: new.name, id: id)) }
            let group = try groupID(new.group ?? new.name)
            passwd.append([
                new.name, "x", "\(id)", "\(group)", "", new.home ?? "/home/\(new.name)", new.shell ?? "/bin/sh",
            ])
        }
        setPassword(new)
        for name in new.groups { try join(new.name, name) }
    }

    private mutating func setPassword(_ new: CapsuleDescription.User) {
        if let index = shadow.firstIndex(where: { $0.first == new.name && $0.count >= 3 }) {
            if let hash = new.passwordHash {
                shadow[index][1] = hash
                shadow[index][2] = Self.day
            }
        } else {
            shadow.append([new.name, new.passwordHash ?? "!", Self.day, "0", "99999", "7", "", "", ""])
        }
    }

    private mutating func join(_ user: String, _ name: String) throws(Fault) {
        guard let index = group.firstIndex(where: { $0.first == name && $0.count >= 4 }) else {
            throw Fault(words: "the root has no group '\(name)' for the user '\(user)'")
        }
        group[index][3] = Self.adding(user, to: group[index][3])
        if let index = gshadow.firstIndex(where: { $0.first == name && $0.count >= 4 }) {
            gshadow[index][3] = Self.adding(user, to: gshadow[index][3])
        }
    }

    private static func adding(_ user: String, to members: String) -> String {
        let names = members.split(separator: ",").map(String.init)
        return (names.contains(user) ? names : names + [user]).joined(separator: ",")
    }

    /// The first from 1000 on (login.defs(5)) that neither table has.
    private func free() throws(Fault) -> UInt32 {
        let used = Set((passwd + group).compactMap { $0.count >= 3 ? UInt32($0[2]) : nil })
        guard let id = (1000..<60_000).first(where: { !used.contains($0) }) else {
            throw Fault(words: "no number from 1000 to 59999 is free")
        }
        return id
    }
}
