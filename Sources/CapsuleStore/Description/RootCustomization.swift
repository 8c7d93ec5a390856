internal import CapsuleFormat
internal import Glibc

/// Carries out what a description says about a root: accounts first, since files have owners, then files, node scripts
/// and services.
struct RootCustomization {
    let description: CapsuleDescription
    let editor: RootEditor
    /// As they were before.
    private let times: FileTimes

    init(_ description: CapsuleDescription, in directory: String) throws(StoreError) {
        self.description = description
        times = try FileTimes(of: directory)
        editor = RootEditor(directory: directory, asRoot: geteuid() == 0, time: times.newest)
    }

    /// - Returns: what the manifest says of it.
    func apply() async throws -> CapsuleSettings {
        do {
            let accounts = try addAccounts()
            for entry in description.files { try put(entry, accounts) }
        } catch let fault as AccountFiles.Fault {
            throw CapsuleBuildError.badSource(path: "capsule.yaml", reason: fault.words)
        }
        let scripts = try description.scripts.map(put)
        try await setServices()
        // They would have the time of this build else, and the next one would differ.
        try times.restore(in: editor.directory)
        return CapsuleSettings(rootMode: description.rootMode, scripts: scripts)
    }

    // MARK: - Accounts

    private func addAccounts() throws -> AccountFiles {
        var files = AccountFiles(
            passwd: try editor.text("/etc/passwd") ?? "", group: try editor.text("/etc/group") ?? "",
            shadow: try editor.text("/etc/shadow") ?? "", gshadow: try editor.text("/etc/gshadow"))
        for group in description.groups { try files.add(group) }
        for user in description.users { try files.add(user) }
        guard !description.users.isEmpty || !description.groups.isEmpty else { return files }
        // Debian's group `shadow` reads both; a root without it has none to read them.
        let readers = RootEditor.Status(permissions: 0o640, group: (try? files.groupID("shadow")) ?? 0)
        try editor.put("/etc/passwd", Self.bytes(files.passwd), .init(permissions: 0o644))
        try editor.put("/etc/group", Self.bytes(files.group), .init(permissions: 0o644))
        try editor.put("/etc/shadow", Self.bytes(files.shadow), readers)
        if files.hasGshadow { try editor.put("/etc/gshadow", Self.bytes(files.gshadow), readers) }
        for user in description.users { try makeHome(of: user, files) }
        return files
    }

    private static func bytes(_ lines: [[String]]) -> [UInt8] { Array(AccountFiles.text(lines).utf8) }

    private func makeHome(of user: CapsuleDescription.User, _ files: AccountFiles) throws {
        guard let account = files.user(user.name) else { return }
        func status(_ permissions: UInt32) -> RootEditor.Status {
            RootEditor.Status(permissions: permissions, owner: account.id, group: account.group)
        }
        if !editor.exists(account.home) { try editor.makeDirectory(account.home, status(0o700)) }
        guard !user.keys.isEmpty else { return }
        try editor.makeDirectory("\(account.home)/.ssh", status(0o700))
        let lines = user.keys.map { "\($0)\n" }.joined()
        try editor.put("\(account.home)/.ssh/authorized_keys", Array(lines.utf8), status(0o600))
    }

    // MARK: - Files

    private func put(_ entry: CapsuleDescription.Entry, _ accounts: AccountFiles) throws {
        var status = RootEditor.Status(permissions: entry.permissions ?? 0o644)
        status.owner = try accounts.userID(entry.owner)
        status.group = try accounts.groupID(entry.group)
        switch entry.contents {
        case .text(let text): try editor.put(entry.path, Array(text.utf8), status)
        case .file(let file): try editor.copy(description.resolve(file), to: entry.path, status)
        case .directory:
            status.permissions = entry.permissions ?? 0o755
            try editor.makeDirectory(entry.path, status)
        case .link(let target): try editor.link(entry.path, to: target)
        }
    }

    private func put(_ script: CapsuleDescription.Script) throws -> NodeScript {
        var bytes: [UInt8] = []
        switch script.contents {
        case .text(let text): bytes = Array(text.utf8)
        case .file(let file):
            let input = try OpenFile.following(description.resolve(file))
            while try input.read(1 << 16, into: &bytes) > 0 {
                guard bytes.count <= 1 << 20 else { throw StoreError.fileTooLarge(path: file, limit: 1 << 20) }
            }
        case .directory, .link: break
        }
        let made = NodeScript(name: script.name, stage: script.stage, sha256: ContentDigest(hashing: bytes))
        try editor.put(made.path, bytes, RootEditor.Status(permissions: 0o755))
        return made
    }

    // MARK: - Services

    /// systemctl does for a root on disk what it does for its own, and starts nothing.
    private func setServices() async throws {
        let services = description.services
        let changes = [("disable", services.disabled), ("enable", services.enabled), ("mask", services.masked)]
        for (verb, units) in changes where !units.isEmpty {
            try await Program.systemctl.run(["--root", editor.directory, "--quiet", verb, "--"] + units)
        }
    }
}
