import BootProtocols
import Registry

/// IPMI by ipmitool(1): Chassis Control and Get Chassis Status (IPMI 2.0, 28.2 and 28.3).
struct IPMITool: Sendable {
    let target: PowerTarget

    /// Seconds for one command: three tries of one second for each of its messages.
    private static let limit = 20

    func status() async throws(PowerProblem) -> String {
        try Self.state(try await run("status"))
    }

    func control(_ action: PowerAction) async throws(PowerProblem) {
        _ = try await run(Self.word(action))
    }

    /// What ipmitool calls it.
    static func word(_ action: PowerAction) -> String {
        switch action {
        case .status: "status"
        case .on: "on"
        case .off: "off"
        case .shutdown: "soft"
        case .cycle: "cycle"
        case .reset: "reset"
        }
    }

    /// `-E` has it take the password from its environment. The port's own default is 623.
    static func program(_ target: PowerTarget, _ word: String) -> PowerProgram {
        PowerProgram(
            name: "ipmitool", package: "ipmitool",
            arguments: [
                "-I", "lanplus", "-H", target.address.host, "-p", "\(target.address.port ?? 623)", "-U", target.user,
                "-E",
                "-R", "3", "chassis", "power", word,
            ], variables: ["IPMITOOL_PASSWORD": target.secret.text, "IPMI_PASSWORD": target.secret.text])
    }

    private func run(_ word: String) async throws(PowerProblem) -> String {
        let ending = try await Self.program(target, word).run(within: Self.limit)
        guard ending.isSuccess else {
            throw .failed(ending.complaint.isEmpty ? "ipmitool failed without a word" : ending.complaint)
        }
        return ending.output
    }

    /// Reads `Chassis Power is on`.
    static func state(_ output: String) throws(PowerProblem) -> String {
        guard let state = output.split(whereSeparator: \.isWhitespace).last, ["on", "off"].contains(state) else {
            throw .badAnswer(String(printable: output, longest: 100))
        }
        return String(state)
    }
}
