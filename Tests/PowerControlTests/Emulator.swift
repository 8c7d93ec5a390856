import Foundation
import Glibc
import Subprocess
import SystemPackage
import Testing

/// A BMC that another project made: OpenIPMI's ipmi_sim, or sushy-tools' Redfish emulator. It listens on loopback, and ends
/// with the test.
struct Emulator: Sendable {
    let directory: String
    let port: UInt16
    static let secret = "secret55"

    /// `make test` installs both; where it was not run, tests that need them are left out.
    static let hasIPMI = ["ipmi_sim", "ipmitool"].allSatisfy { find($0) != nil }
    static let hasRedfish = sushy != nil

    private static let sushy: String? = {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let own = root + "/.work/emulators/bin/sushy-emulator"
        return access(own, X_OK) == 0 ? own : find("sushy-emulator")
    }()

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin"]).map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    private init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/bmc-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        port = try Self.freePort()
    }

    private func write(_ name: String, _ text: String, executable: Bool = false) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory)/\(name)"))
        if executable { chmod("\(directory)/\(name)", 0o755) }
    }

    /// A machine that is off; its power is the file `power`.
    static func ipmi(_ body: @escaping @Sendable (Emulator) async throws -> Void) async throws {
        let emulator = try Emulator()
        try emulator.write(
            "chassis",
            """
            #!/bin/sh
            shift
            case "$1" in
            get) shift; for word; do [ "$word" = power ] && echo "power:$(cat \(emulator.directory)/power || echo 0)"; done;;
            set) shift; while [ $# -ge 2 ]; do echo "$2" > "\(emulator.directory)/$1"; shift 2; done;;
            esac
            exit 0
            """, executable: true)
        try emulator.write("power", "0\n")
        let kinds = ["callback", "user", "operator", "admin"].map { "    allowed_auths_\($0) none md2 md5 straight" }
        try emulator.write(
            "lan.conf",
            """
            name "n001"
            set_working_mc 0x20
              startlan 1
                addr 127.0.0.1 \(emulator.port)
                priv_limit admin
            \(kinds.joined(separator: "\n"))
                guid a123456789abcdefa123456789abcdef
              endlan
              chassis_control "\(emulator.directory)/chassis 0x20"
              user 2 true "admin" "\(secret)" admin 10 none md2 md5 straight

            """)
        try emulator.write(
            "machine.emu",
            "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n")
        let directory = emulator.directory
        try await emulator.run(
            find("ipmi_sim") ?? "ipmi_sim",
            ["-c", "\(directory)/lan.conf", "-f", "\(directory)/machine.emu", "-s", "\(directory)/state", "-n"], body)
    }

    /// A machine that is off, behind a user and a password.
    static func redfish(_ body: @escaping @Sendable (Emulator) async throws -> Void) async throws {
        let emulator = try Emulator()
        // The password above, by bcrypt.
        try emulator.write("users", "admin:$2b$04$wTG9RcScZonm7VbbkONrO.GcVzv1wuUDMNER1v5264Dq7fVgrsAy2\n")
        try emulator.write(
            "emulator.conf",
            """
            SUSHY_EMULATOR_FAKE_DRIVER = True
            SUSHY_EMULATOR_LISTEN_IP = "127.0.0.1"
            SUSHY_EMULATOR_LISTEN_PORT = \(emulator.port)
            SUSHY_EMULATOR_STATE_DIR = "\(emulator.directory)"
            SUSHY_EMULATOR_AUTH_FILE = "\(emulator.directory)/users"
            SUSHY_EMULATOR_FAKE_SYSTEMS = [
                {"uuid": "da69abcc-dae0-4913-9a7b-d344043097c0", "name": "n001", "power_state": "Off", "nics": []}
            ]

            """)
        try await emulator.run(sushy ?? "sushy-emulator", ["--config", "\(emulator.directory)/emulator.conf"], body)
    }

    private func run(
        _ program: String, _ arguments: [String], _ body: @escaping @Sendable (Emulator) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let steps = options.teardownSequence
        _ = try await Subprocess.run(
            .path(.init(program)), arguments: Arguments(arguments), platformOptions: options, input: .none,
            output: .discarded, error: .discarded
        ) { execution in
            let outcome: Result<Void, any Error>
            do {
                outcome = .success(try await body(self))
            } catch {
                outcome = .failure(error)
            }
            await execution.teardown(using: steps)
            try outcome.get()
        }
    }

    private static func freePort() throws -> UInt16 {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        try #require(isNamed)
        return UInt16(bigEndian: address.sin_port)
    }
}
