import BootLab
import CapsuleStore
import Foundation

/// Packages of loaders, unpacked in the state's cache and never installed: on a host with UEFI, installing
/// `shim-signed` runs `grub-install`, and `grub-common` brings files into /etc and a service. apt checks what it
/// downloads against its signed lists.
struct LoaderPackages {
    private let cache: String
    private let state: StateDirectory
    private let architecture: MachineArchitecture

    init(_ state: StateDirectory, _ architecture: MachineArchitecture = .amd64) {
        self.state = state
        self.architecture = architecture
        cache = state.path + "/cache/loaders" + (architecture == .amd64 ? "" : "-" + architecture.rawValue)
    }

    /// Where the files of a package are: its `/usr` is in there.
    func directory(of package: String) -> String { "\(cache)/\(package)" }

    /// Fetches the packages of loaders that are neither served yet, nor installed, nor in the cache; gives
    /// their names.
    @discardableResult
    func fetchMissing(_ loaders: [Loaders.Loader]) async throws -> [String] {
        var fetched: [String] = []
        for loader in loaders
        where !Loaders.isInstalled(loader, in: state) && Loaders.source(of: loader, architecture, in: state) == nil {
            try await fetch(loader.package)
            fetched.append(loader.package)
        }
        return fetched
    }

    private func fetch(_ package: String) async throws {
        let files = FileManager.default
        let work = "\(cache)/.\(package)-\(getpid())"
        try files.createDirectory(atPath: work, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: work) }
        let file = try await PackageArchive(of: architecture, in: state.openCapsules()).download(package, to: work)
        try await Program("dpkg-deb", ["-x", file, "\(work)/tree"], package: "dpkg").run()
        try? files.removeItem(atPath: directory(of: package))
        try files.moveItem(atPath: "\(work)/tree", toPath: directory(of: package))
    }
}
