internal import Glibc

/// Makes a root file system out of what a capsule is built from.
struct SourceRoot {
    let workspace: BuildWorkspace
    /// For ssh; nil for the caller's own.
    let sshConfiguration: String?
    /// What is not copied from a machine.
    var excluded: [String] = []
    let report: @Sendable (CapsuleBuildProgress) -> Void

    /// A root file system on disk, and how it goes into its image.
    struct Root {
        var directory: String
        /// What the source says its kernel is.
        var kernel: KernelSource?
        /// Whether the files' owners on disk are not those that they are to have.
        var ownedByRoot = false
        /// Devices that an archive brought.
        var devices: [String] = []
    }

    func make(_ source: CapsuleSource) async throws -> Root {
        report(CapsuleBuildProgress(phase: .root, done: 0, total: nil))
        let isRoot = geteuid() == 0
        switch source {
        case .directory(let path):
            guard DurableFiles.status("\(path)/.")?.kind == .directory else {
                throw CapsuleBuildError.badSource(path: path, reason: "not a directory")
            }
            return Root(directory: path)
        case .tar(let file): return try await archive(file, asRoot: isRoot)
        case .image(let path, let name): return try await image(path, name, asRoot: isRoot)
        case .packageList(let file):
            return try await packages(try PackageList(contentsOf: file), asRoot: isRoot)
        case .client(let client):
            guard isRoot else { throw CapsuleBuildError.needsRoot("a copy of \(client.text)") }
            if let sshConfiguration, sshConfiguration.contains("'") {
                throw CapsuleBuildError.badSource(path: sshConfiguration, reason: "a name without quotes, please")
            }
            let directory = try freshDirectory()
            try await GoldenClientRoot(
                client: client, configuration: sshConfiguration, excluding: excluded, progress: making
            ).make(in: directory)
            try FileTimes.setRoot(directory)
            return Root(directory: directory)
        case .packages(let list): return try await packages(list, asRoot: isRoot)
        case .busybox:
            let directory = try freshDirectory()
            try await BusyboxRoot().make(in: directory)
            return Root(directory: directory, kernel: .cloud, ownedByRoot: true)
        }
    }

    private func packages(_ list: PackageList, asRoot: Bool) async throws -> Root {
        let directory = try freshDirectory()
        try await PackageRoot(list: list, scratch: workspace.directory, progress: making).make(
            in: directory, asRoot: asRoot)
        return Root(directory: directory, kernel: list.kernel.map { .package($0) })
    }

    /// The root as one that may be changed: a directory of somebody else's is copied.
    func own(_ root: Root) async throws -> Root {
        guard root.directory != workspace.path("root") else { return root }
        guard geteuid() == 0 else { throw CapsuleBuildError.needsRoot("a copy of \(root.directory)") }
        var own = root
        own.directory = workspace.path("root")
        try await Program.cp.run([
            "-a", "--reflink=auto", "--one-file-system", "--", "\(root.directory)/.", own.directory,
        ])
        return own
    }

    private func archive(_ file: String, asRoot: Bool) async throws -> Root {
        let plain = try await self.plain(file)
        do {
            if try ImageRoot.isImageArchive(plain) {
                return try await layers(.archive(plain, file: file), nil, asRoot: asRoot)
            }
            let directory = try freshDirectory()
            let writer = try TreeWriter(directory, TreeWriter.Rules(asRoot: asRoot, layered: false))
            _ = try plain.unpack(into: writer, progress: unpacking)
            try writer.finish()
            if plain.path != file { try DurableFiles.remove(plain.path) }
            try FileTimes.setRoot(directory)
            return Root(directory: directory, ownedByRoot: !asRoot, devices: writer.devices)
        } catch let error as TarError {
            throw CapsuleBuildError.tar(file: file, error)
        }
    }

    private func image(_ path: String, _ name: String?, asRoot: Bool) async throws -> Root {
        if DurableFiles.status("\(path)/.")?.kind == .directory {
            return try await layers(.directory(path), name, asRoot: asRoot)
        }
        return try await layers(.archive(try await plain(path), file: path), name, asRoot: asRoot)
    }

    private func plain(_ file: String) async throws -> ArchiveFile {
        guard DurableFiles.status(file) != nil else {
            throw CapsuleBuildError.badSource(path: file, reason: "no such file")
        }
        return try await ArchiveFile.plain(file, scratch: workspace.path("source.tar"))
    }

    private func layers(_ place: ImageRoot.Place, _ name: String?, asRoot: Bool) async throws -> Root {
        let directory = try freshDirectory()
        let image = ImageRoot(place: place, name: name, scratch: workspace.directory, progress: unpacking)
        let devices = try await image.make(in: directory, asRoot: asRoot)
        try FileTimes.setRoot(directory)
        return Root(directory: directory, ownedByRoot: !asRoot, devices: devices)
    }

    /// For programs that tell how far they are.
    private var making: @Sendable (Int64, Int64?) -> Void {
        { [report] done, total in report(CapsuleBuildProgress(phase: .root, done: done, total: total)) }
    }

    private func unpacking(_ done: Int64, _ total: Int64) {
        report(CapsuleBuildProgress(phase: .root, done: done, total: total))
    }

    private func freshDirectory() throws -> String {
        let directory = workspace.path("root")
        try DurableFiles.makeDirectory(directory)
        return directory
    }
}
