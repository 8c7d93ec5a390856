import BootLab

/// One run of ISC's perfdhcp, the field's own load generator.
struct PerfDHCP: Hashable, Sendable {
    /// Exchanges begun, and ended by an ACK.
    var begun: Int
    var completed: Int
    var seconds: Int

    var lossPercent: Double { begun == 0 ? 100 : 100 * Double(begun - completed) / Double(begun) }
    var perSecond: Double { Double(completed) / Double(max(1, seconds)) }

    static func run(rate: Int, seconds: Int, at network: StormNetwork) async throws -> PerfDHCP {
        let arguments = [
            "-4", "-l", StormLab.interface, "-r", "\(rate)", "-R", "\(max(1000, rate * seconds * 2))", "-p",
            "\(seconds)",
            "-W", "500000", "\(network.server)",
        ]
        let output = try await Self.output(of: network.atLoad("perfdhcp", arguments, package: "kea-admin"))
        guard let result = PerfDHCP(output: output, seconds: seconds) else {
            throw LabError.system("perfdhcp printed no statistics: \(output.suffix(500))")
        }
        return result
    }

    private static func output(of program: Program) async throws -> String {
        do {
            return try await program.run()
        } catch {
            // Status 3: some exchanges were not completed, which is what is measured.
            guard case .programFailed(_, _, let text) = error, text.contains("REQUEST-ACK") else { throw error }
            return text
        }
    }

    /// Reads its report: the number sent of DISCOVER-OFFER and the number received of REQUEST-ACK.
    init?(output: String, seconds: Int) {
        var section = ""
        var numbers: [String: Int] = [:]
        for line in output.split(separator: "\n") {
            if line.hasPrefix("***Statistics for: ") {
                section = String(line.dropFirst(19).prefix { $0 != "*" })
            } else if let colon = line.firstIndex(of: ":") {
                let text = String(line[colon...].dropFirst().drop { $0 == " " })
                let key = "\(section) \(line[..<colon])"
                if let value = Int(text), numbers[key] == nil { numbers[key] = value }
            }
        }
        guard let begun = numbers["DISCOVER-OFFER sent packets"],
            let completed = numbers["REQUEST-ACK received packets"]
        else { return nil }
        self.begun = begun
        self.completed = completed
        self.seconds = seconds
    }
}
