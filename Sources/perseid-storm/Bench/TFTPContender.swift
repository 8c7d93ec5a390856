import BootLab
import Foundation

/// A TFTP server of the race: how it is set up to serve one directory, and what it can do.
struct TFTPContender: Sendable {
    let name: String
    /// The kernel's name of its process, at most 15 bytes.
    let process: String
    /// Clients at once that it carries, as far as its documentation and its defaults say.
    let clients: Int
    /// It knows RFC 7440.
    let hasWindows: Bool
    let program: Program
    /// A line that it prints when it serves; nil: it prints none, and has a second.
    let readyLine: String?

    /// Runs the server for as long as the body works with it.
    func serving<Result: Sendable>(
        _ directory: LabDirectory, _ body: @escaping @Sendable (ServerProcess, ProcessorAccount) async throws -> Result
    ) async throws -> Result {
        let log = try Transcript(of: name, log: directory.file("\(process).log"))
        return try await program.running(into: log) {
            if let readyLine {
                _ = try await log.line(containing: readyLine, within: .seconds(30))
            } else {
                try await Task.sleep(for: .seconds(1))
            }
            guard let process = ServerProcess(named: process) else {
                throw LabError.system("no process \(process) to measure")
            }
            guard let account = ProcessorAccount(of: process) else {
                throw LabError.system("no control group of version 2 to count processor time with: is one mounted?")
            }
            return try await body(process, account)
        }
    }

    /// - Parameter peers: where the packages were unpacked.
    static func hpa(_ network: StormNetwork, files: String, peers: String) -> TFTPContender {
        TFTPContender(
            name: "tftpd-hpa", process: "in.tftpd", clients: 100, hasWindows: false,
            program: Program(
                "\(peers)/tftpd-hpa/usr/sbin/in.tftpd",
                ["--foreground", "--listen", "--secure", "--user", "root", "--address", "\(network.server):69", files],
                package: "tftpd-hpa"),
            readyLine: nil)
    }

    static func atftpd(_ network: StormNetwork, files: String, peers: String) -> TFTPContender {
        TFTPContender(
            name: "atftpd", process: "atftpd", clients: 100, hasWindows: true,
            program: Program(
                "\(peers)/atftpd/usr/sbin/atftpd",
                [
                    "--daemon", "--no-fork", "--user", "root.root", "--bind-address", "\(network.server)",
                    "--maxthread", "200", "--logfile", "-", "--verbose=3", files,
                ], package: "atftpd"),
            readyLine: nil)
    }

    static func dnsmasq(_ network: StormNetwork, files: String, peers: String) -> TFTPContender {
        TFTPContender(
            name: "dnsmasq", process: "dnsmasq", clients: 50, hasWindows: true,
            program: Program(
                "dnsmasq",
                [
                    "--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--port=0",
                    "--interface=\(network.serverInterface)", "--bind-interfaces", "--enable-tftp",
                    "--tftp-root=\(files)", "--tftp-max=50",
                ], package: "dnsmasq-base"),
            readyLine: "TFTP root is")
    }

    /// - Parameters:
    ///   - executable: path of `perseid`.
    ///   - state: a state of its own, with a stage 1 and the files among its loaders.
    static func perseid(_ executable: String, _ network: StormNetwork, state: String) -> TFTPContender {
        TFTPContender(
            name: "perseid", process: "perseid", clients: 1000, hasWindows: true,
            program: Program(
                executable,
                [
                    "serve", "--interface", network.serverInterface, "--state", state, "--pool",
                    "\(network.pool.first)-\(network.pool.last)",
                ]), readyLine: "serving ")
    }
}
