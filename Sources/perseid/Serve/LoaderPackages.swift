import BootLab
import BootPolicy
import Foundation

/// Packages of loaders, unpacked in the state's cache and never installed: on a host with UEFI, installing
/// `shim-signed` runs `grub-install`, and `grub-common` brings files into /etc and a service. apt checks what it
/// downloads against its signed lists.
struct LoaderPackages {
    private let cache: String
    private let state: StateDirectory

    init(_ state: StateDirectory) {
        self.state = state
        cache = state.path + "/cache/loaders"
    }

    /// Where the files of a package are: its `/usr` is in there.
    func directory(of package: String) -> String { "\(cache)/\(package)" }

    /// Fetches the packages of a setting's loaders that are neither served yet, nor installed, nor in the cache; gives
    /// their names.
    @discardableResult
    func fetchMissing(for setting: BootLoader) async throws -> [String] {
        var fetched: [String] = []
        for loader in Loaders.files(for: setting)
        where !Loaders.isInstalled(loader, in: state) && Loaders.source(of: loader, in: state) == nil {
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
        // apt-get download has no option for where to: it writes to the working directory.
        try await Program("env", ["-C", work, "apt-get", "-q", "download", package], package: "apt").run()
        guard let file = try files.contentsOfDirectory(atPath: work).first(where: { $0.hasSuffix(".deb") }) else {
            throw NoPackage(name: package)
        }
        try await Program("dpkg-deb", ["-x", "\(work)/\(file)", "\(work)/tree"], package: "dpkg").run()
        try? files.removeItem(atPath: directory(of: package))
        try files.moveItem(atPath: "\(work)/tree", toPath: directory(of: package))
    }

    struct NoPackage: Error, CustomStringConvertible {
        let name: String

        var description: String { "`apt-get download \(name)` left no file; run `apt-get update` and try again" }
    }
}
