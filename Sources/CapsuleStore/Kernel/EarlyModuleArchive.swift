internal import CapsuleFormat
internal import Glibc

/// The early modules of one kernel, with `modules.dep`, `.alias` and `.softdep` for them alone.
struct EarlyModuleArchive {
    let release: String
    /// Number of modules.
    let count: Int
    /// The tree's own directory, `…/lib/modules/RELEASE`.
    private let directory: String

    /// Text files of depmod that `modprobe`, and the agent in its place, reads.
    private static let tables = ["modules.alias", "modules.builtin", "modules.dep", "modules.softdep"]

    /// Lays the chosen modules out in `scratch`, uncompressed, and runs depmod over them.
    /// - Parameter kernel: with a `modules.dep`.
    init(of kernel: KernelTree, in scratch: String) async throws(CapsuleBuildError) {
        release = kernel.release
        directory = "\(scratch)/lib/modules/\(kernel.release)"
        let dependencies: ModuleDependencies
        do {
            dependencies = ModuleDependencies(
                dep: try Self.text("\(kernel.modules)/modules.dep"),
                softdep: (try? Self.text("\(kernel.modules)/modules.softdep")) ?? "",
                alias: (try? Self.text("\(kernel.modules)/modules.alias")) ?? "")
            let chosen = EarlyModules.choose(from: dependencies)
            count = chosen.count
            try DurableFiles.makeDirectory(directory)
            for module in chosen + ["modules.builtin", "modules.builtin.modinfo", "modules.order"] {
                try Self.copy(module, from: kernel.modules, to: directory)
            }
        } catch {
            throw .store(error)
        }
        try await uncompress()
        try await ModuleTree.runDepmod(under: scratch, release: release)
    }

    /// Adds everything to an archive, as `lib/modules/RELEASE/…`.
    func write(to archive: inout CpioWriter) throws(CapsuleBuildError) {
        do {
            let files = try DurableFiles.walk(directory).filter { $0.hasSuffix(".ko") || Self.tables.contains($0) }
            for file in files where DurableFiles.status("\(directory)/\(file)")?.kind == .file {
                let contents = try DurableFiles.read("\(directory)/\(file)", limit: 256 << 20)
                try archive.addFile("lib/modules/\(release)/\(file)", contents: contents)
            }
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as CpioError {
            throw .archive(error)
        } catch {
            throw .badSource(path: directory, reason: "\(error)")
        }
    }

    private static func text(_ path: String) throws(StoreError) -> String {
        String(decoding: try DurableFiles.read(path, limit: 64 << 20), as: UTF8.self)
    }

    /// Copies one file to its place below `target`; a table that the kernel lacks is left out.
    private static func copy(_ file: String, from source: String, to target: String) throws(StoreError) {
        guard DurableFiles.status("\(source)/\(file)")?.kind == .file else { return }
        try DurableFiles.makeDirectory(DurableFiles.parent(of: "\(target)/\(file)"))
        // A second name where both lie on one file system, else a copy.
        if !file.isCompressedModule, link("\(source)/\(file)", "\(target)/\(file)") == 0 { return }
        try DurableFiles.copy("\(source)/\(file)", to: "\(target)/\(file)")
    }

    /// Newer distributions compress their modules one by one, which keeps the archive from compressing them well.
    private func uncompress() async throws(CapsuleBuildError) {
        let files: [String]
        do {
            files = try DurableFiles.walk(directory)
        } catch {
            throw .store(error)
        }
        let tools: [(suffix: String, program: Program, arguments: [String])] = [
            (".ko.xz", .xz, ["-d", "--"]), (".ko.zst", .zstd, ["-d", "-q", "--rm", "--"]),
            (".ko.gz", .gzip, ["-d", "--"]),
        ]
        for tool in tools {
            let matching = files.filter { $0.hasSuffix(tool.suffix) }.sorted().map { "\(directory)/\($0)" }
            if !matching.isEmpty { try await tool.program.run(tool.arguments + matching) }
        }
    }
}

extension String {
    fileprivate var isCompressedModule: Bool { contains(".ko.") }
}
