public import CapsuleFormat

/// Why a capsule or a stage 1 was not built. Nothing of it is visible then.
public enum CapsuleBuildError: Error, Hashable, Sendable {
    case store(StoreError)
    /// A program of the field's own is not installed.
    case programMissing(program: String, package: String)
    /// It ran and failed; the last lines it printed.
    case programFailed(program: String, status: String, lastLines: [String])
    /// The source is not there, or not of the kind that was said.
    case badSource(path: String, reason: String)
    /// A tar archive that is damaged, or has an entry that is not taken. Nothing of it was kept.
    case tar(file: String, TarError)
    /// A container image that is damaged, or is none. Nothing of it was kept.
    case image(ImageError)
    /// A line of a package list, from 1.
    case badPackageList(file: String, line: Int, reason: String)
    /// The host's apt sources know no such suite.
    case noAptSource(suite: String, looked: [String])
    /// dnf has nowhere to install from.
    case noRepository(looked: [String])
    case noKernel(looked: [String])
    case noSuchPackage(String, lastLines: [String])
    /// The agent, or another file, is not what stage 1 can start.
    case notStatic(path: String, reason: String)
    case needsRoot(String)
    case archive(CpioError)
    case manifest(ManifestError)
    /// The task was cancelled.
    case cancelled
}

extension CapsuleBuildError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .programMissing(let program, let package):
            "'\(program)' is not installed; install it with: apt-get install \(package)"
        case .programFailed(let program, let status, let lastLines):
            "\(program) failed (\(status)); its last lines:\n" + lastLines.map { "  \($0)" }.joined(separator: "\n")
        case .badSource(let path, let reason): "\(path): \(reason)"
        case .tar(let file, let error): "\(file): \(error)"
        case .image(let error): "\(error)"
        case .badPackageList(let file, let line, let reason): "\(file):\(line): \(reason)"
        case .noAptSource(let suite, let looked):
            "this host's apt sources have no Debian suite '\(suite)'; looked in \(looked.joined(separator: ", "))."
                + " Add it there, or name another with '# suite: NAME' in the package list; for RPM packages say"
                + " '# release: VERSION'"
        case .noRepository(let looked):
            "there is no .repo file in \(looked.joined(separator: ", ")). Name one with '# repository: FILE' in the package"
                + " list, or 'repositories:' in capsule.yaml"
        case .noKernel(let looked):
            "no kernel found; looked for " + looked.joined(separator: ", ")
                + ". Name one with --kernel: a package such as linux-image-cloud-amd64, a .deb file, or a directory"
                + " with boot/vmlinuz-RELEASE and lib/modules/RELEASE"
        case .noSuchPackage(let name, let lastLines):
            "apt knows no kernel package '\(name)'; try 'apt-get update' first:\n"
                + lastLines.map { "  \($0)" }.joined(separator: "\n")
        case .notStatic(let path, let reason): "\(path) cannot run without libraries: \(reason)"
        case .needsRoot(let what): "\(what) needs root: its files belong to many owners"
        case .archive(let error): "\(error)"
        case .manifest(let error): "\(error)"
        case .cancelled: "the build was cancelled"
        }
    }
}
