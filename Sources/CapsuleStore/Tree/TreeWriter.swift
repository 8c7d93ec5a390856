internal import Glibc

/// Writes the entries of archives into a directory that nobody else writes to: those of one archive, or of an image's
/// layers one over the other.
///
/// Nothing is ever written outside of the directory: names have no `..`, every step is relative to an open directory,
/// and no symbolic link is followed. An entry below a link is refused.
final class TreeWriter {
    /// How the entries are taken.
    struct Rules: Hashable, Sendable {
        /// Owners, devices and privileged attributes as the archive says. Without root everything belongs to the caller,
        /// and devices are refused.
        var asRoot: Bool
        /// Whether `.wh.` names are whiteouts (OCI image-spec, layer.md).
        var layered: Bool
    }

    private let rules: Rules
    private var walk: TreeWalk
    /// Where whiteouts look, so that `walk` stays where it is.
    private let root: String
    private var current: (file: OpenFile, directory: TreeDirectory, member: TarMember)?
    private var left: Int64 = 0
    /// Permissions and times of directories, set when nothing is written into them any more.
    private var directories: [TreePath: (permissions: UInt32, time: Int64)] = [:]
    /// What the layer that is being written has brought: no whiteout of its own takes that away.
    private var ofThisLayer: Set<TreePath> = []
    /// Devices that were made, which a person may want to know of.
    private(set) var devices: [String] = []
    private(set) var members = 0

    /// - Parameter directory: new, or written to by this alone.
    init(_ directory: String, _ rules: Rules) throws(StoreError) {
        self.rules = rules
        root = directory
        walk = try TreeWalk(directory)
    }

    /// Begins the next layer.
    func beginLayer() {
        ofThisLayer.removeAll()
    }

    /// Takes what a reader gave.
    /// - Throws: `.refused`, `.unwritable`.
    func take(_ event: TarReader.Event) throws(TarError) {
        switch event {
        case .member(let member):
            try endFile()
            members += 1
            try begin(member)
        case .contents(let bytes):
            guard let current else { return }
            try writing(current.member) { () throws(StoreError) in try current.file.write(bytes.span.bytes) }
            left -= Int64(bytes.count)
            if left == 0 { try endFile() }
        }
    }

    /// Ends the last layer: gives directories their permissions and times.
    func finish() throws(TarError) {
        try endFile()
        for (path, status) in directories.sorted(by: { $0.key.components.count > $1.key.components.count }) {
            try writing(path.text) { () throws(StoreError) in
                try settle(path, status.permissions, status.time)
            }
        }
    }

    private func settle(_ path: TreePath, _ permissions: UInt32, _ time: Int64) throws(StoreError) {
        // What a later layer put in its place has its own.
        guard let name = path.last else {
            let itself = try TreeDirectory.root(root)
            try itself.setPermissions([0x2E], permissions)
            return try itself.setTime([0x2E], time)
        }
        guard let parent = try? walk.directory(path.parent), parent.isDirectory(name) else { return }
        try parent.setPermissions(name, permissions)
        try parent.setTime(name, time)
    }

    // MARK: - Entries

    private func begin(_ member: TarMember) throws(TarError) {
        guard let name = member.path.last else {
            guard member.kind == .directory else { throw refused(member, "it would replace the root directory") }
            return try writing(member) { () throws(StoreError) in try setRoot(member) }
        }
        if rules.layered, name.starts(with: Whiteout.prefix) { return try whiteOut(member, name) }
        let parent = try self.parent(of: member)
        let isLinkToItself = member.kind == .hardLink(target: member.path)
        if !isLinkToItself { try makeRoom(for: member, name, in: parent) }
        ofThisLayer.insert(member.path)
        switch member.kind {
        case .file: try beginFile(member, name, parent)
        case .hardLink(let target): if !isLinkToItself { try link(member, name, parent, to: target) }
        case .directory:
            try writing(member) { () throws(StoreError) in
                if !parent.isDirectory(name) { try parent.makeDirectory(name) }
                try dress(member, name, parent)
            }
            directories[member.path] = (member.permissions, member.modified)
        case .symbolicLink(let target):
            try writing(member) { () throws(StoreError) in
                try parent.makeSymbolicLink(name, to: target)
                try dress(member, name, parent)
            }
        case .characterDevice(let major, let minor):
            try makeNode(member, name, parent, S_IFCHR, Self.device(major, minor))
        case .blockDevice(let major, let minor):
            try makeNode(member, name, parent, S_IFBLK, Self.device(major, minor))
        case .pipe: try makeNode(member, name, parent, S_IFIFO, 0)
        }
    }

    private func beginFile(_ member: TarMember, _ name: [UInt8], _ parent: TreeDirectory) throws(TarError) {
        let file = try writing(member) { () throws(StoreError) in try parent.createFile(name) }
        current = (file, parent, member)
        left = member.size
        if left == 0 { try endFile() }
    }

    private func endFile() throws(TarError) {
        guard let (_, directory, member) = current, let name = member.path.last else { return }
        current = nil
        try writing(member) { () throws(StoreError) in try dress(member, name, directory) }
    }

    private func link(
        _ member: TarMember, _ name: [UInt8], _ parent: TreeDirectory, to target: TreePath
    ) throws(TarError) {
        guard let last = target.last else { throw refused(member, "it is a hard link to the root directory") }
        do {
            // A walk of its own: the target mostly lies elsewhere.
            var other = try TreeWalk(root)
            let directory = try other.directory(target.parent)
            guard let status = directory.status(last) else { throw TreeWalk.Fault.missing(target) }
            guard status.st_mode & S_IFMT != S_IFDIR else {
                throw refused(member, "it is a hard link to the directory '\(target.text)'")
            }
            try parent.makeHardLink(name, to: last, in: directory)
        } catch let error as TarError {
            throw error
        } catch let error as StoreError {
            throw .unwritable(member: member.path.text, error)
        } catch TreeWalk.Fault.system(let error) {
            throw .unwritable(member: member.path.text, error)
        } catch TreeWalk.Fault.link(let path) {
            throw refused(member, "it is a hard link to '\(target.text)', beyond the symbolic link '\(path.text)'")
        } catch {
            throw refused(member, "it is a hard link to '\(target.text)', which is not there")
        }
    }

    private func makeNode(
        _ member: TarMember, _ name: [UInt8], _ parent: TreeDirectory, _ kind: mode_t, _ device: dev_t
    ) throws(TarError) {
        if kind != S_IFIFO {
            guard rules.asRoot else { throw refused(member, "it is a device, which only root may make") }
            devices.append(member.path.text)
        }
        try writing(member) { () throws(StoreError) in
            try parent.makeNode(name, mode: kind | 0o600, device: device)
            try dress(member, name, parent)
        }
    }

    /// Linux's own split of `dev_t` (makedev(3)).
    private static func device(_ major: UInt32, _ minor: UInt32) -> dev_t {
        let low: dev_t = dev_t(major & 0xFFF) << 8 | dev_t(minor & 0xFF)
        let high: dev_t = dev_t(minor & ~0xFF) << 12 | dev_t(major & ~0xFFF) << 32
        return high | low
    }

    // MARK: - What is there already

    private func parent(of member: TarMember) throws(TarError) -> TreeDirectory {
        let made = self
        do {
            return try walk.directory(member.path.parent) { path, parent, name throws(StoreError) in
                // As the archive does not say: those of a plain directory, and no time of this build.
                try parent.makeDirectory(name)
                made.directories[path] = (0o755, 0)
            }
        } catch {
            switch error {
            case .link(let path):
                throw refused(member, "it lies below '\(path.text)', which is a symbolic link")
            case .notADirectory(let path), .missing(let path):
                throw refused(member, "it lies below '\(path.text)', which is no directory")
            case .system(let error): throw .unwritable(member: member.path.text, error)
            }
        }
    }

    /// A later entry takes the place of an earlier one; of two directories the contents come together.
    private func makeRoom(for member: TarMember, _ name: [UInt8], in parent: TreeDirectory) throws(TarError) {
        guard let status = parent.status(name) else { return }
        if status.st_mode & S_IFMT == S_IFDIR, member.kind == .directory { return }
        walk.leave(below: member.path.parent)
        try writing(member) { () throws(StoreError) in try parent.removeTree(name) }
    }

    private func whiteOut(_ member: TarMember, _ name: [UInt8]) throws(TarError) {
        let directory = member.path.parent
        let whiteout: Whiteout
        do {
            whiteout = try Whiteout(name)
        } catch {
            throw refused(member, error.words)
        }
        guard case .nothing = whiteout else {
            walk.leave(below: directory.parent)
            // Where there is no such directory below, there is nothing to hide.
            guard let place = try? walk.directory(directory) else { return }
            return try writing(member) { () throws(StoreError) in
                let hidden = if case .name(let name) = whiteout { [name] } else { try place.names() }
                for name in hidden where place.status(name) != nil {
                    _ = try hide(name, in: place, directory)
                }
            }
        }
    }

    /// Removes what lower layers brought.
    /// - Returns: whether all of it is gone.
    private func hide(
        _ name: [UInt8], in parent: TreeDirectory, _ directory: TreePath
    ) throws(StoreError) -> Bool {
        guard let path = directory.appending(name) else { return false }
        var isEmpty = true
        if parent.isDirectory(name) {
            let below = try parent.openDirectory(name)
            for entry in try below.names() { isEmpty = try hide(entry, in: below, path) && isEmpty }
        }
        guard isEmpty, !ofThisLayer.contains(path) else { return false }
        try parent.remove(name, directory: parent.isDirectory(name))
        return true
    }

    // MARK: - Status

    private func setRoot(_ member: TarMember) throws(StoreError) {
        directories[.root] = (member.permissions, member.modified)
        if rules.asRoot {
            try TreeDirectory.root(root).setOwner([0x2E], member.owner, member.group)
        }
    }

    /// Gives an entry its owner, permissions, attributes and time, in the order in which none undoes another.
    private func dress(_ member: TarMember, _ name: [UInt8], _ parent: TreeDirectory) throws(StoreError) {
        if rules.asRoot { try parent.setOwner(name, member.owner, member.group) }
        var isLink = false
        if case .symbolicLink = member.kind { isLink = true }
        if !isLink, member.kind != .directory { try parent.setPermissions(name, member.permissions) }
        for attribute in member.attributes where takes(attribute) { try parent.setAttribute(name, attribute) }
        try parent.setTime(name, member.modified)
    }

    /// An image holds attributes of three classes only (squashfs); without root the caller may set one of them.
    private func takes(_ attribute: TarMember.Attribute) -> Bool {
        let classes = rules.asRoot ? ["user.", "security.", "trusted."] : ["user."]
        return classes.contains { attribute.name.hasPrefix($0) }
    }

    private func refused(_ member: TarMember, _ reason: String) -> TarError {
        .refused(member: member.path.text, reason: reason)
    }

    private func writing<Result>(
        _ member: TarMember, _ body: () throws(StoreError) -> Result
    ) throws(TarError) -> Result {
        try writing(member.path.text, body)
    }

    private func writing<Result>(
        _ name: @autoclosure () -> String, _ body: () throws(StoreError) -> Result
    ) throws(TarError) -> Result {
        do {
            return try body()
        } catch {
            throw .unwritable(member: name(), error)
        }
    }
}
