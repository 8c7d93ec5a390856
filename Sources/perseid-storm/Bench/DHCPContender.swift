import BootLab
import Foundation

/// A DHCP server of the race: how it is set up for the storm's network, started from nothing, and known to be up.
struct DHCPContender: Sendable {
    let name: String
    /// The kernel's name of its process, at most 15 bytes.
    let process: String
    /// Where the race begins, in exchanges per second.
    let firstRate: Int
    let program: @Sendable (StormNetwork, LabDirectory) throws -> Program
    /// A line that it prints when it serves.
    let readyLine: String

    /// Runs the server for as long as the body works with it.
    func serving<Result: Sendable>(
        _ network: StormNetwork, _ directory: LabDirectory,
        _ body: @escaping @Sendable (ServerProcess) async throws -> Result
    ) async throws -> Result {
        let log = try Transcript(of: name, log: directory.file("\(process).log"))
        return try await program(network, directory).running(into: log) {
            _ = try await log.line(containing: readyLine, within: .seconds(30))
            guard let process = ServerProcess(named: process) else {
                throw LabError.system("no process \(process) to measure")
            }
            return try await body(process)
        }
    }
}

extension DHCPContender {
    /// Kea as Debian has it, with its own lease file, which it never syncs; without a line for each packet.
    static let kea = DHCPContender(
        name: "kea", process: "kea-dhcp4", firstRate: 2000,
        program: { network, directory in
            try fresh(directory, ["kea-leases.csv"])
            let file = directory.file("kea.json")
            let text = keaConfiguration(network, leases: directory.file("kea-leases.csv"))
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
            let places = ["KEA_PIDFILE_DIR=\(directory.path)", "KEA_LOCKFILE_DIR=\(directory.path)"]
            return Program("env", places + ["kea-dhcp4", "-c", file], package: "kea-dhcp4-server")
        }, readyLine: "DHCP4_STARTED")

    static let dnsmasq = DHCPContender(
        name: "dnsmasq", process: "dnsmasq", firstRate: 100,
        program: { network, directory in
            try fresh(directory, ["dnsmasq-leases"])
            var words = [
                "--conf-file=/dev/null", "--keep-in-foreground", "--log-facility=-", "--user=root", "--port=0",
            ]
            words += ["--interface=\(network.serverInterface)", "--bind-interfaces", "--no-ping", "--quiet-dhcp"]
            words += ["--dhcp-range=\(network.pool.first),\(network.pool.last),255.240.0.0,12h"]
            words += ["--dhcp-leasefile=\(directory.file("dnsmasq-leases"))", "--dhcp-lease-max=1000000"]
            return Program("dnsmasq", words, package: "dnsmasq-base")
        }, readyLine: "IP range")

    /// - Parameters:
    ///   - executable: path of `perseid`.
    ///   - stage1: a state's directory `stage1`, without which it does not serve.
    ///   - isFresh: without the leases of the run before.
    ///   - more: further words of its command line.
    static func perseid(
        _ executable: String, stage1: String, isFresh: Bool = true, _ more: [String] = []
    ) -> DHCPContender {
        DHCPContender(
            name: "perseid", process: "perseid", firstRate: 4000,
            program: { network, directory in
                let state = try directory.directory("state")
                if isFresh {
                    let names = try FileManager.default.contentsOfDirectory(atPath: state.path)
                    try fresh(state, names.filter { $0.hasPrefix("registry.sqlite") })
                }
                if !FileManager.default.fileExists(atPath: state.file("stage1")) {
                    try FileManager.default.createSymbolicLink(
                        atPath: state.file("stage1"), withDestinationPath: stage1)
                }
                let pool = "\(network.pool.first)-\(network.pool.last)"
                let words = ["serve", "--interface", network.serverInterface, "--state", state.path, "--pool", pool]
                return Program(executable, words + more)
            }, readyLine: "serving ")
    }

    private static func keaConfiguration(_ network: StormNetwork, leases: String) -> String {
        """
        {"Dhcp4": {
          "interfaces-config": {"interfaces": ["\(network.serverInterface)"]},
          "lease-database": {"type": "memfile", "name": "\(leases)", "lfc-interval": 0},
          "valid-lifetime": 43200,
          "subnet4": [{"id": 1, "subnet": "10.64.0.0/\(network.prefixLength)",
            "pools": [{"pool": "\(network.pool.first)-\(network.pool.last)"}]}],
          "loggers": [
            {"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]},
            {"name": "kea-dhcp4.dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}]
        }}
        """
    }

    private static func fresh(_ directory: LabDirectory, _ names: [String]) throws {
        for name in names where FileManager.default.fileExists(atPath: directory.file(name)) {
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
    }
}
