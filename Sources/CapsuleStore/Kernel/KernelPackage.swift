internal import CapsuleFormat
internal import Foundation

/// Kernels as Debian packages: found with the host's apt, unpacked into the state directory's cache, never installed.
struct KernelPackage {
    /// STATE/cache/kernels
    private let cache: String
    /// Held while the cache is changed.
    private let lock: String
    private let names: KernelNames
    private let archive: PackageArchive
    private let refresh: Bool

    /// - Parameter refresh: asks apt what a name means, whatever it meant before.
    init(_ store: CapsuleStore, architecture: MachineArchitecture = .amd64, refresh: Bool = false) {
        archive = PackageArchive(of: architecture, in: store)
        cache = "\(store.layout.cache)/kernels"
        lock = "\(store.layout.locks)/.kernels"
        names = KernelNames(directory: "\(store.layout.cache)/kernel-names", apt: archive.sources)
        self.refresh = refresh
    }

    /// The kernel of `source`, unpacked where it is a package, with a `modules.dep` where we may write one.
    func kernel(from source: KernelSource) async throws -> KernelTree {
        if case .directory(let path) = source { return try KernelTree.find(in: path) }
        try DurableFiles.makeDirectory(cache)
        let lock = try OpenFile.locking(lock)
        try await lock.lockPatiently()
        return try await cached(source)
    }

    private func cached(_ source: KernelSource) async throws(CapsuleBuildError) -> KernelTree {
        switch source {
        case .directory(let path): return try KernelTree.find(in: path)
        case .debFile(let path):
            guard DurableFiles.status(path) != nil else { throw .badSource(path: path, reason: "no such file") }
            let name = String(DurableFiles.name(of: path).dropLast(".deb".count))
            return try await unpack(path, as: "file-\(name)")
        case .package(let name):
            try await archive.refresh()
            let package = try await known(name)
            if let kernel = try await intact(package.fileName) { return kernel }
            return try await download(package)
        }
    }

    /// The package that a name means: what apt said before, as long as apt would say the same.
    private func known(_ name: String) async throws(CapsuleBuildError) -> KernelNames.Package {
        do {
            if !refresh, let package = try names.package(name) { return package }
            // Before the question: lists that change meanwhile are noticed the next time.
            let stamp = try names.stamp()
            let package = try await resolve(name).package
            try names.remember(package, for: name, stamp: stamp)
            return package
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as CapsuleBuildError {
            throw error
        } catch {
            throw .noSuchPackage(name, lastLines: ["\(error)"])
        }
    }

    /// The kernel that was unpacked here before; nil where it is not what was unpacked.
    private func intact(_ name: String) async throws(CapsuleBuildError) -> KernelTree? {
        let unpacked = "\(cache)/\(name)"
        let seal = try? DurableFiles.read(Self.seal(unpacked), limit: 256)
        guard let seal, let digest = try? TreeDigest.of(unpacked), Array(digest.hex.utf8) == seal else { return nil }
        return try KernelTree.find(in: unpacked)
    }

    /// The file with the `TreeDigest` of an unpacked package.
    private static func seal(_ directory: String) -> String { "\(directory).sha256" }

    /// What `apt-cache show` says of one package.
    struct Record: Hashable {
        var name: String
        var version: String
        var architecture: String
        var depends: String

        /// Nil where a field is missing, or has characters that Debian Policy 5.6 does not allow.
        init?(_ stanza: String) {
            var fields: [Substring: String] = [:]
            for line in stanza.split(separator: "\n") {
                guard let colon = line.firstIndex(of: ":"), line.first != " " else { continue }
                fields[line[..<colon]] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
            guard let name = fields["Package"], let version = fields["Version"],
                let architecture = fields["Architecture"],
                (name + version + architecture).allSatisfy({
                    $0.isASCII && ($0.isLetter || $0.isNumber || ".+:~-".contains($0))
                })
            else { return nil }
            self.name = name
            self.version = version
            self.architecture = architecture
            depends = fields["Depends"] ?? ""
        }

        /// The kernel that a package without files of its own stands for.
        var kernel: String? {
            depends.split(separator: ",").lazy.compactMap { $0.split(separator: " ").first }
                .first { $0.hasPrefix("linux-image-") }.map(String.init)
        }

        var package: KernelNames.Package {
            KernelNames.Package(name: name, version: version, architecture: architecture)
        }
    }

    /// Follows `linux-image-cloud-amd64` to the package with the kernel.
    private func resolve(_ name: String) async throws(CapsuleBuildError) -> Record {
        var name = name
        for _ in 0..<3 {
            guard PackageList.isPackageName(name) else {
                throw .noSuchPackage(name, lastLines: ["it is not a package's name"])
            }
            let text: String
            do {
                text = try await Program.aptCache.output(archive.options + ["show", "--no-all-versions", name])
            } catch .programFailed(_, _, let lines) {
                throw .noSuchPackage(name, lastLines: lines)
            }
            guard let stanza = text.components(separatedBy: "\n\n").first, let record = Record(stanza) else {
                throw .noSuchPackage(name, lastLines: ["apt-cache show: no such record"])
            }
            guard let next = record.kernel else { return record }
            name = next
        }
        throw .noSuchPackage(name, lastLines: ["its dependencies lead to no kernel"])
    }

    private func download(_ package: KernelNames.Package) async throws(CapsuleBuildError) -> KernelTree {
        let directory = "\(cache)/.download-\(package.fileName)"
        try await Program.rm.run(["-rf", "--one-file-system", "--", directory])
        do {
            try DurableFiles.makeDirectory(directory)
        } catch {
            throw .store(error)
        }
        let file = try await archive.download("\(package.name)=\(package.version)", to: directory)
        let kernel = try await unpack(file, as: package.fileName)
        try await Program.rm.run(["-rf", "--one-file-system", "--", directory])
        return kernel
    }

    private func unpack(_ file: String, as name: String) async throws(CapsuleBuildError) -> KernelTree {
        let target = "\(cache)/\(name)"
        let fresh = "\(cache)/.unpack-\(name)"
        try await Program.rm.run(["-rf", "--one-file-system", "--", Self.seal(target), target, fresh])
        try await Program.dpkgDeb.run(["-x", Program.operand(file), fresh])
        let kernel = try KernelTree.find(in: fresh)
        if DurableFiles.status("\(kernel.modules)/modules.dep") == nil {
            try await ModuleTree.runDepmod(under: fresh, release: kernel.release)
        }
        do {
            let digest = try TreeDigest.of(fresh)
            try DurableFiles.move(fresh, to: target)
            // Last: a tree without it is unpacked anew.
            try DurableFiles.create(Self.seal(target), Array(digest.hex.utf8), permissions: 0o600)
        } catch {
            throw .store(error)
        }
        return try KernelTree.find(in: target)
    }
}
