import BootLab
import BootMachine
import BootProtocols
import Foundation
import StormKit

/// A node that goes the way of every node as far as its agent's token, over the lab's cable: a lease, the boot script
/// with the token of the attempt, a check-in with that.
struct AgentStandIn: Sendable {
    let network: StormNetwork
    let directory: LabDirectory
    /// `perseid` and this program.
    let perseid: String
    let generator: String
    /// Reserved for it, outside the pool.
    private let address = IPv4Address(value: 0x0a40_0009)
    private let seed: UInt8 = 83
    /// As the fleet numbers its first machine.
    private var mac: MACAddress { MACAddress(value: 0x0253_0000_0000 | UInt64(seed) << 24) }

    init(network: StormNetwork, directory: LabDirectory, perseid: String, generator: String) {
        self.network = network
        self.directory = directory
        self.perseid = perseid
        self.generator = generator
    }

    /// Makes it known to a server that is not running yet.
    func register(in state: String) async throws {
        try await Program(
            perseid, ["node", "add", "storm", "--mac", "\(mac)", "--address", "\(address)", "--state", state]
        ).run()
    }

    /// Boots as far as the check-in.
    /// - Returns: path of a file with the agent's token.
    func checkIn(with contender: HTTPContender) async throws -> String {
        try await lease()
        try await network.addAddress(address)
        let server = "http://\(network.server):\(contender.port)"
        let script = try await curl(["\(server)/boot/script/\(mac.joined(by: "-")).ipxe"])
        guard let start = script.range(of: "perseid.token=") else {
            throw LabError.system("the boot script has no token")
        }
        let header = directory.file("boot-token.header")
        try write("Authorization: Bearer \(script[start.upperBound...].prefix { !$0.isWhitespace })\n", to: header)
        let message = directory.file("check-in.json")
        try write(String(decoding: try JSONEncoder().encode(checkIn), as: UTF8.self), to: message)
        let reply = try await curl([
            "--header", "@\(header)", "--data-binary", "@\(message)", "\(server)/node/v1/check-in",
        ])
        let token = directory.file("agent-token")
        try write(try JSONDecoder().decode(CheckInReply.self, from: Data(reply.utf8)).token, to: token)
        return token
    }

    private func lease() async throws {
        let words = ["dhcp", "--server", "\(network.server)", "--load", "power-on", "--nodes", "1", "--seconds", "0.1"]
        let output = try await network.atLoad(
            generator, words + ["--shape", "ipxe", "--seed", "\(seed)", "--limit", "20", "--json"]
        ).run()
        let report = try JSONDecoder().decode(StormReport.self, from: Data(output.utf8))
        guard report.completed == 1 else { throw LabError.system("no lease for the node that is to check in") }
    }

    private var checkIn: CheckIn {
        CheckIn(
            phase: .stage1, mac: mac, address: address, kernelRelease: "6.1.0", kernelDigest: nil,
            inventory: Inventory(
                cpus: 2, memoryBytes: 1 << 31, firmware: "bios", uuid: nil, serial: nil, product: "perseid-storm",
                uptimeMilliseconds: 1000))
    }

    /// From the node's own address. Tokens go by file: everybody can read a command line.
    private func curl(_ arguments: [String]) async throws -> String {
        let words = ["--silent", "--show-error", "--fail-with-body", "--max-time", "20", "--interface", "\(address)"]
        return try await network.atLoad("curl", words + arguments, package: "curl").run()
    }

    /// Only root reads it.
    private func write(_ text: String, to path: String) throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: attributes) else {
            throw LabError.system("cannot write \(path)")
        }
    }
}
