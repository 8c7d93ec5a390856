internal import Subprocess

/// A program of the field's own, run by its argument list, never through a shell.
struct Program: Hashable {
    let name: String
    /// The Debian package that brings it.
    let package: String

    static let aptGet = Program(name: "apt-get", package: "apt")
    static let aptCache = Program(name: "apt-cache", package: "apt")
    static let busybox = Program(name: "busybox", package: "busybox-static")
    static let cp = Program(name: "cp", package: "coreutils")
    static let depmod = Program(name: "depmod", package: "kmod")
    static let dnf = Program(name: "dnf", package: "dnf")
    static let dpkgDeb = Program(name: "dpkg-deb", package: "dpkg")
    static let env = Program(name: "env", package: "coreutils")
    static let gzip = Program(name: "gzip", package: "gzip")
    static let mkfsErofs = Program(name: "mkfs.erofs", package: "erofs-utils")
    static let mksquashfs = Program(name: "mksquashfs", package: "squashfs-tools")
    static let mmdebstrap = Program(name: "mmdebstrap", package: "mmdebstrap")
    static let mount = Program(name: "mount", package: "mount")
    static let umount = Program(name: "umount", package: "mount")
    static let rm = Program(name: "rm", package: "coreutils")
    static let rpm = Program(name: "rpm", package: "rpm")
    static let rsync = Program(name: "rsync", package: "rsync")
    static let ssh = Program(name: "ssh", package: "openssh-client")
    static let systemctl = Program(name: "systemctl", package: "systemd")
    static let unsquashfs = Program(name: "unsquashfs", package: "squashfs-tools")
    static let xz = Program(name: "xz", package: "xz-utils")
    static let zstd = Program(name: "zstd", package: "zstd")

    /// How many of a failed program's lines an error quotes.
    private static let quotedLines = 15
    /// Longest output that `output` keeps, in bytes.
    private static let outputLimit = 256 << 20

    /// A program that starts another, and its arguments before the other's name: `unshare --mount mmdebstrap …`.
    struct Wrapper: Hashable {
        var name: String
        var arguments: [String]

        /// In a mount namespace of its own, so that no mount outlives a build that is killed.
        static let ownMounts = Wrapper(name: "unshare", arguments: ["--mount", "--propagation", "private"])

        /// The same, with the processes to be seen in a root that has none of its own.
        static func ownProcessList(mountedAt path: String) -> Wrapper {
            Wrapper(name: "unshare", arguments: ["--mount", "--propagation", "private", "--mount-proc=\(path)"])
        }

        /// In another working directory.
        static func directory(_ path: String) -> Wrapper { Wrapper(name: "env", arguments: ["-C", path]) }
    }

    /// Runs it to its end.
    /// - Parameters:
    ///   - wrapper: starts it, and is named nowhere else: what goes wrong is this program's.
    ///   - variables: added to the environment; nil takes one away.
    ///   - observe: gets each line that it prints, and says whether it is worth nothing to an error.
    /// - Throws: `.programMissing`, `.programFailed` with its last lines, `.cancelled`.
    func run(
        _ arguments: [String], through wrapper: Wrapper? = nil, variables: [String: String?] = [:],
        observe: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws(CapsuleBuildError) {
        try await present()
        let arguments = wrapper.map { $0.arguments + [name] + arguments } ?? arguments
        var lines: [String] = []
        let status: TerminationStatus
        do {
            let result = try await Subprocess.run(
                .name(wrapper?.name ?? name), arguments: Arguments(arguments), environment: environment(variables),
                input: .none,
                output: .sequence, error: .combinedWithOutput
            ) { execution in
                var tail: [String] = []
                for try await line in execution.standardOutput.strings() {
                    if observe(line) { continue }
                    tail.append(line)
                    if tail.count > Self.quotedLines { tail.removeFirst() }
                }
                return tail
            }
            lines = result.closureResult
            status = result.terminationStatus
        } catch {
            throw failure(error)
        }
        guard status.isSuccess else {
            throw Task.isCancelled ? .cancelled : failed(status, lines)
        }
    }

    /// Runs it to its end.
    /// - Returns: what it printed to standard output.
    /// - Throws: as `run`.
    func output(_ arguments: [String], variables: [String: String?] = [:]) async throws(CapsuleBuildError) -> String {
        try await present()
        let result: ExecutionResult<Void, StringOutput<UTF8>, StringOutput<UTF8>>
        do {
            result = try await Subprocess.run(
                .name(name), arguments: Arguments(arguments), environment: environment(variables),
                output: .string(limit: Self.outputLimit), error: .string(limit: 1 << 20))
        } catch {
            throw failure(error)
        }
        guard result.terminationStatus.isSuccess else {
            let lines = result.standardError.split(separator: "\n").suffix(Self.quotedLines).map(String.init)
            throw Task.isCancelled ? .cancelled : failed(result.terminationStatus, lines)
        }
        return result.standardOutput
    }

    /// A path that no program takes for an option.
    static func operand(_ path: String) -> String {
        path.hasPrefix("-") ? "./\(path)" : path
    }

    /// A fixed language, and the directories that a plain user's PATH lacks.
    private func environment(_ variables: [String: String?]) -> Environment {
        var updates: [Environment.Key: String?] = [
            "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]
        for (name, value) in variables {
            if let key = Environment.Key(rawValue: name) { updates[key] = .some(value) }
        }
        return .inherit.updating(updates)
    }

    private func present() async throws(CapsuleBuildError) {
        do {
            _ = try await Executable.name(name).resolveExecutablePath(in: environment([:]))
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> CapsuleBuildError {
        if Task.isCancelled || error is CancellationError { return .cancelled }
        if let error = error as? SubprocessError, error.code == .executableNotFound {
            return .programMissing(program: name, package: package)
        }
        return .programFailed(program: name, status: "not started", lastLines: ["\(error)"])
    }

    private func failed(_ status: TerminationStatus, _ lines: [String]) -> CapsuleBuildError {
        .programFailed(program: name, status: "\(status)", lastLines: lines)
    }
}
