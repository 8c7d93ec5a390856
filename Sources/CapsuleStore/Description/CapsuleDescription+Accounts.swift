extension CapsuleDescription.Entry {
    init?(_ node: DescriptionNode, at place: String, _ reader: inout DescriptionReader) {
        let kinds = ["content", "source", "link", "directory"]
        let fields = reader.fields(of: node, at: place, known: ["path"] + kinds + ["mode", "owner", "group"])
        let path = reader.value(fields["path"], at: "\(place).path", expected: "an absolute path without '..'") {
            text in
            guard text.hasPrefix("/"), let path = try? TreePath(Array(text.utf8.dropFirst())), !path.isRoot else {
                return nil as String?
            }
            return text
        }
        let chosen = kinds.filter { fields[$0] != nil }
        if chosen.count != 1 {
            reader.complain(node.line, place, "it takes one of content, source, link and directory")
        }
        var contents = Contents.text("")
        switch chosen.first {
        case "content": contents = .text(reader.text(fields["content"], at: "\(place).content") ?? "")
        case "source": contents = .file(reader.text(fields["source"], at: "\(place).source") ?? "")
        case "link":
            contents = .link(
                reader.value(fields["link"], at: "\(place).link", expected: "the target of a link") {
                    $0.isEmpty || $0.utf8.contains(0) || $0.utf8.count > TreePath.maximumLength ? nil : $0
                } ?? "")
        default:
            contents = chosen.isEmpty ? .text("") : .directory
            let flag = reader.value(fields["directory"], at: "\(place).directory", expected: "true") {
                $0 == "true" ? true : nil
            }
            _ = flag
        }
        let permissions = reader.value(
            fields["mode"], at: "\(place).mode", expected: "octal digits, 0644"
        ) { text in
            // YAML 1.1 reads 0644 as a number and 0o644 is YAML 1.2; the digits are what was written.
            let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
            return (1...5).contains(digits.count) ? UInt32(digits, radix: 8).flatMap { $0 <= 0o7777 ? $0 : nil } : nil
        }
        func account(_ key: String, _ reader: inout DescriptionReader) -> String {
            reader.value(fields[key], at: "\(place).\(key)", expected: "a name or a number", AccountName.check)
                ?? "root"
        }
        let (owner, group) = (account("owner", &reader), account("group", &reader))
        guard let path = reader.required(path, node, at: "\(place).path") else { return nil }
        self.init(path: path, contents: contents, permissions: permissions, owner: owner, group: group)
    }
}

extension CapsuleDescription.User {
    init?(_ node: DescriptionNode, at place: String, _ reader: inout DescriptionReader) {
        let fields = reader.fields(
            of: node, at: place,
            known: ["name", "uid", "group", "groups", "passwordHash", "sshKeys", "home", "shell"])
        let name = reader.value(
            fields["name"], at: "\(place).name", expected: "a name for an account", AccountName.check)
        let id = reader.value(fields["uid"], at: "\(place).uid", expected: "a number up to 4294967293", AccountName.id)
        let group = reader.value(
            fields["group"], at: "\(place).group", expected: "a name or a number", AccountName.check)
        let groups = reader.list(
            fields["groups"], at: "\(place).groups", expected: "a name of a group", AccountName.check)
        let hash = reader.value(
            fields["passwordHash"], at: "\(place).passwordHash",
            expected: "a hash of crypt(5), $y$… or $6$… (make one with: mkpasswd)", AccountName.hash)
        let keys = reader.list(fields["sshKeys"], at: "\(place).sshKeys", expected: "one line 'ssh-… KEY'") { text in
            text.contains(" ") && !text.contains("\n") && !text.contains("PRIVATE") ? text : nil
        }
        func path(_ key: String, _ reader: inout DescriptionReader) -> String? {
            reader.value(fields[key], at: "\(place).\(key)", expected: "an absolute path without ':'") { text in
                let isPath = text.hasPrefix("/") && (try? TreePath(Array(text.utf8.dropFirst()))) != nil
                return isPath && AccountName.isFieldSafe(text) ? text : nil
            }
        }
        let (home, shell) = (path("home", &reader), path("shell", &reader))
        guard let name = reader.required(name, node, at: "\(place).name") else { return nil }
        self.init(
            name: name, id: id, group: group, groups: groups, passwordHash: hash, keys: keys, home: home, shell: shell)
    }
}

extension CapsuleDescription.Group {
    init?(_ node: DescriptionNode, at place: String, _ reader: inout DescriptionReader) {
        let fields = reader.fields(of: node, at: place, known: ["name", "gid"])
        let name = reader.value(fields["name"], at: "\(place).name", expected: "a name for a group", AccountName.check)
        let id = reader.value(fields["gid"], at: "\(place).gid", expected: "a number up to 4294967293", AccountName.id)
        guard let name = reader.required(name, node, at: "\(place).name") else { return nil }
        self.init(name: name, id: id)
    }
}

/// What may stand in passwd(5), group(5) and shadow(5).
enum AccountName {
    /// Letters, digits, `_`, `-` and `.`, at most 32 (useradd(8)); the first no `-`.
    static func check(_ text: String) -> String? {
        let isFine = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || byte == 0x5F || byte == 0x2D || byte == 0x2E
        }
        return isFine && (1...32).contains(text.utf8.count) && text.first != "-" && text.first != "." ? text : nil
    }

    /// The last two are nobody's: "unchanged" and an overflow of 16 bits' kin.
    static func id(_ text: String) -> UInt32? {
        UInt32(text).flatMap { $0 < UInt32.max - 1 ? $0 : nil }
    }

    static func hash(_ text: String) -> String? {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        return text.hasPrefix("$") && parts.count >= 4 && isFieldSafe(text) ? text : nil
    }

    static func isFieldSafe(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
    }
}
