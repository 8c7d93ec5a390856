internal import Foundation

/// Debian's packages for one architecture, as the host's apt sources have them. Nothing is installed, and for another
/// architecture than the host's the package lists are kept in the state: nothing on the host changes.
public struct PackageArchive: Sendable {
    public let architecture: MachineArchitecture
    /// What apt is told in front of its command; empty for the host's own packages.
    let options: [String]
    /// Directories that decide apt's answers.
    let sources: [String]
    private let directory: String?

    public init(of architecture: MachineArchitecture, in store: CapsuleStore) {
        self.architecture = architecture
        guard architecture != .amd64 else {
            options = []
            sources = ["/var/lib/apt/lists", "/etc/apt"]
            directory = nil
            return
        }
        let directory = "\(store.layout.cache)/apt-\(architecture.rawValue)"
        let settings = [
            "APT::Architecture=\(architecture.rawValue)", "APT::Architectures=\(architecture.rawValue)",
            "Dir::State=\(directory)/state", "Dir::Cache=\(directory)/cache",
            // Nothing of that architecture is installed here; and apt's own user cannot enter a state directory.
            "Dir::State::status=/dev/null", "APT::Sandbox::User=root",
        ]
        options = settings.flatMap { ["-o", $0] }
        sources = ["\(directory)/state/lists", "/etc/apt"]
        self.directory = directory
    }

    /// Fetches the package lists where they are kept here, and older than the host's.
    /// - Throws: `CapsuleBuildError`, `.programFailed` with apt's last lines among them.
    func refresh() async throws(CapsuleBuildError) {
        guard let directory else { return }
        let stamp = "\(directory)/fetched"
        if let fetched = DurableFiles.status(stamp), let host = DurableFiles.status("/var/lib/apt/lists"),
            fetched.modified >= host.modified
        {
            return
        }
        do {
            for place in ["state/lists/partial", "cache/archives/partial"] {
                try DurableFiles.makeDirectory("\(directory)/\(place)")
            }
            try await Program.aptGet.run(options + ["-q", "update"])
            try DurableFiles.replace(stamp, with: [], permissions: 0o600)
        } catch let error as CapsuleBuildError {
            throw error
        } catch {
            throw .badSource(path: directory, reason: "\(error)")
        }
    }

    /// Downloads a package into `directory`, which has no other `.deb`; gives the file's path.
    /// - Parameter package: its name, or `NAME=VERSION`.
    /// - Throws: `.noSuchPackage`, `.programFailed` with apt's last lines.
    public func download(_ package: String, to directory: String) async throws(CapsuleBuildError) -> String {
        try await refresh()
        // apt-get download has no option for where to: it writes to the working directory.
        try await Program.aptGet.run(options + ["-q", "download", package], through: .directory(directory))
        guard let file = try? DurableFiles.names(in: directory).first(where: { $0.hasSuffix(".deb") }) else {
            throw .noSuchPackage(package, lastLines: ["apt-get download left no file"])
        }
        return "\(directory)/\(file)"
    }
}
